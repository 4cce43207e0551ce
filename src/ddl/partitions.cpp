// ddl/partitions.cpp - see partitions.hpp.
//
// A TVIEW is partitioned by the options of its creation only: by hash of its key, or by range of the first column of it.
// Its key is its identity, so a row never changes its partition. Users may take partitions away and add others: rows
// that have no partition then are an error when the TVIEW is refreshed, at the latest at commit, so that none is ever
// missing without a word.
#include "ddl/partitions.hpp"

#include "capture/capture.hpp"
#include "catalog/triggers.hpp"
#include "ddl/indexes.hpp"
#include "ddl/statement.hpp"
#include "errors/errors.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "commands/tablecmds.h"
#include "commands/trigger.h"
}

namespace tviews::ddl {

namespace {

Oid find(const RangeVar *name) { return name == nullptr ? InvalidOid : RangeVarGetRelid(name, NoLock, true); }

const catalog::Tview *find_tview(const RangeVar *name) {
    Oid const relation = find(name);
    return OidIsValid(relation) ? catalog::find_by_table(relation) : nullptr;
}

// tv_x_p<number>
const char *partition_name(const char *table, int number) {
    return makeObjectName(table, psprintf("p%d", number), nullptr);
}

const char *bound_at(const List *bounds, int number) {
    if (number < 0)
        return "MINVALUE";
    if (number >= list_length(bounds))
        return "MAXVALUE";
    return pg::literal(static_cast<const char *>(list_nth(bounds, number)));
}

void create_partition(const Creation &creation, const char *schema, const char *table, int number) {
    const Options &options = creation.options;
    const char *const values = options.partition_by == PARTITION_STRATEGY_HASH
                                   ? psprintf("WITH (MODULUS %d, REMAINDER %d)", options.partitions, number)
                                   : psprintf("FROM (%s) TO (%s)", bound_at(options.bounds, number - 1),
                                              bound_at(options.bounds, number));
    run(psprintf("CREATE %sTABLE %s PARTITION OF %s FOR VALUES %s WITH (fillfactor = %d)",
                 options.unlogged ? "UNLOGGED " : "",
                 pg::qualified_name(schema, partition_name(creation.table_name, number)), table, values,
                 options.fillfactor));
}

List *partitions_of(Oid tview) {
    if (get_rel_relkind(tview) != RELKIND_PARTITIONED_TABLE)
        return NIL;
    return list_delete_oid(find_all_inheritors(tview, AccessExclusiveLock, nullptr), tview);
}

void refuse_level(const char *tview) {
    ereport(ERROR, errcode(errors::definition_protected),
            errmsg("a partition of TVIEW \"%s\" cannot be partitioned itself", tview),
            errhint("Use more partitions of one level."));
}

void came(const RangeVar *partition, bool with_rows) {
    const catalog::Tview *const tview = catalog::find_by_storage(find(partition));
    if (tview == nullptr)
        return;
    Oid const table = tview->table;
    if (get_rel_relkind(find(partition)) == RELKIND_PARTITIONED_TABLE)
        refuse_level(tview->name);
    capture::install_guard(table);
    if (with_rows)
        queue::definition_changed(table);
}

void after_alter(const AlterTableStmt *statement) {
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds)) {
        if (command->subtype != AT_AttachPartition && command->subtype != AT_DetachPartition)
            continue;
        const RangeVar *const name = reinterpret_cast<const PartitionCmd *>(command->def)->name;
        const catalog::Tview *const tview = find_tview(statement->relation);
        if (tview == nullptr)
            continue;
        if (command->subtype == AT_AttachPartition) {
            came(name, true);
            continue;
        }
        Oid const table = tview->table;
        capture::remove_partition_guard(find(name));
        queue::definition_changed(table);
    }
}

} // namespace

void create_partitioned(const Creation &creation) {
    const Options &options = creation.options;
    const definition::Shape &shape = *creation.shape;
    const char *const schema = get_namespace_name(creation.schema);
    const char *const table = pg::qualified_name(schema, creation.table_name);
    StringInfoData columns;
    initStringInfo(&columns);
    for (const definition::OutputColumn &column : shape.columns) {
        const char *const collation =
            OidIsValid(column.collation) ? psprintf(" COLLATE %s", pg::collation_name(column.collation)) : "";
        appendStringInfo(&columns, "%s%s %s%s", columns.len > 0 ? ", " : "", pg::quoted(column.name),
                         pg::type_name(column.type, column.typmod), collation);
    }
    bool const hash = options.partition_by == PARTITION_STRATEGY_HASH;
    run(psprintf("CREATE TABLE %s (%s) PARTITION BY %s (%s)", table, columns.data, hash ? "HASH" : "RANGE",
                 hash ? key_list(shape) : pg::quoted(shape.columns[shape.key[0]].name)));
    int const count = hash ? options.partitions : list_length(options.bounds) + 1;
    for (int i = 0; i < count; i++)
        create_partition(creation, schema, table, i);
}

void refuse_partition(const Node *statement) {
    if (!IsA(statement, AlterTableStmt))
        return;
    auto const *const alter = reinterpret_cast<const AlterTableStmt *>(statement);
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(alter->cmds)) {
        if (command->subtype != AT_AttachPartition && command->subtype != AT_DetachPartition)
            continue;
        auto const *const partition = reinterpret_cast<const PartitionCmd *>(command->def);
        const catalog::Tview *const tview = find_tview(alter->relation);
        if (tview == nullptr)
            continue;
        if (partition->concurrent)
            ereport(ERROR, errcode(errors::definition_protected),
                    errmsg("cannot detach a partition of TVIEW \"%s\" concurrently", tview->name),
                    errdetail("Its rows have to be in other partitions when the command commits."),
                    errhint("Detach it without CONCURRENTLY and add the other partitions in the same "
                            "transaction."));
        if (command->subtype == AT_AttachPartition &&
            get_rel_relkind(find(partition->name)) == RELKIND_PARTITIONED_TABLE)
            refuse_level(tview->name);
    }
}

void follow_partition(const Node *statement) {
    if (IsA(statement, AlterTableStmt)) {
        after_alter(reinterpret_cast<const AlterTableStmt *>(statement));
    } else if (IsA(statement, CreateStmt)) {
        auto const *const create = reinterpret_cast<const CreateStmt *>(statement);
        if (create->partbound != nullptr)
            came(create->relation, false);
    } else if (IsA(statement, CreateSchemaStmt)) {
        for (const Node *part :
             pg::each<const Node>(reinterpret_cast<const CreateSchemaStmt *>(statement)->schemaElts))
            follow_partition(part);
    }
}

void follow_dropped_partitions(List *dropped) {
    if (catalog::all() == NIL)
        return;
    pg::each_oid(pg::parents_left_by(dropped), [](Oid parent) {
        // Without its guard it is being dismantled (ddl/drop).
        if (catalog::find_by_table(parent) != nullptr &&
            OidIsValid(get_trigger_oid(parent, catalog::guard_trigger, true)))
            queue::definition_changed(parent);
    });
}

void give_partitions_to(Oid tview, Oid owner) {
    pg::SecurityScope const role(BOOTSTRAP_SUPERUSERID, SECURITY_LOCAL_USERID_CHANGE);
    pg::each_oid(partitions_of(tview), [&](Oid partition) {
        if (pg::owner_of(partition) != owner)
            ATExecChangeOwner(partition, owner, false, AccessExclusiveLock);
    });
}

void move_partitions(Oid tview, Oid old_schema, const char *old_name) {
    Oid const schema = get_rel_namespace(tview);
    const char *const name = get_rel_name(tview);
    pg::each_oid(partitions_of(tview), [&](Oid partition) {
        const char *const partition_name_now = get_rel_name(partition);
        const char *const number = strrchr(partition_name_now, '_');
        if (strcmp(name, old_name) != 0 && number != nullptr &&
            strcmp(partition_name_now, makeObjectName(old_name, number + 1, nullptr)) == 0)
            run_as_superuser(psprintf("ALTER TABLE %s RENAME TO %s", pg::qualified_name(partition),
                                      pg::quoted(makeObjectName(name, number + 1, nullptr))));
        if (schema != old_schema && get_rel_namespace(partition) == old_schema)
            run_as_superuser(psprintf("ALTER TABLE %s SET SCHEMA %s", pg::qualified_name(partition),
                                      pg::quoted(get_namespace_name(schema))));
    });
}

} // namespace tviews::ddl
