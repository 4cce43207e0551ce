// ddl/sources.cpp - see sources.hpp.
#include "ddl/sources.hpp"

#include "ddl/rights.hpp"
#include "pg/list.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "catalog/pg_inherits.h"
#include "storage/lmgr.h"
}

namespace tviews::ddl {

void lock_sources(const pg::vector<Oid> &relations) {
    for (Oid relation : relations) {
        LockRelationOid(relation, ShareRowExclusiveLock);
        if (has_subclass(relation))
            (void) find_all_inheritors(relation, ShareRowExclusiveLock, nullptr);
    }
}

catalog::MetaRow describe(const definition::Shape &shape, const definition::Request &request,
                          const Options &options) {
    catalog::MetaRow row;
    row.entity = request.entity;
    for (Oid relation : shape.relations) {
        row.dependencies = lappend_oid(row.dependencies, relation);
        bool const is_tview = catalog::find_by_storage(relation) != nullptr;
        row.dependency_types = lappend(row.dependency_types, pstrdup(is_tview ? "tview" : "table"));
    }
    for (const definition::OutputColumn &column : shape.columns) {
        std::size_t const length = strlen(column.name);
        if (strncmp(column.name, "fk_", 3) == 0)
            row.fk_columns = lappend(row.fk_columns, pstrdup(column.name));
        else if (column.type == UUIDOID && length > 3 && strcmp(column.name + length - 3, "_id") == 0)
            row.uuid_fk_columns = lappend(row.uuid_fk_columns, pstrdup(column.name));
    }
    for (int column : shape.key)
        row.key_columns = lappend(row.key_columns, pstrdup(shape.columns[column].name));
    row.explicit_key = request.key_columns != NIL;
    row.function_reads = options.function_reads;
    row.settings = catalog::rendering_settings();
    row.options = options.json;
    return row;
}

void announce(const definition::Shape &shape, Oid table) {
    const char *const table_name = get_rel_name(table);
    List *announced = NIL;
    for (const definition::Source *source : shape.sources) {
        if (source->route != definition::Route::all_keys || list_member_oid(announced, source->relation))
            continue;
        announced = lappend_oid(announced, source->relation);
        ereport(NOTICE,
                errmsg("changes to \"%s\" refresh the whole of TVIEW \"%s\"", get_rel_name(source->relation),
                       table_name),
                errdetail("Its rows cannot be traced to the key: %s.",
                          source->reason != nullptr ? source->reason : "no key path"));
    }
    if (shape.key_nullable)
        ereport(NOTICE, errmsg("rows with a null key are left out of TVIEW \"%s\"", table_name));
    for (Oid relation : shape.relations)
        if (Oid const part = pg::unlogged_part(relation); OidIsValid(part))
            ereport(NOTICE, errmsg("TVIEW \"%s\" is to be refreshed after a crash", table_name),
                    errdetail("A crash empties table \"%s\", which is unlogged, and fires no trigger.",
                              get_rel_name(part)));
    warn_row_security(shape, table);
}

} // namespace tviews::ddl
