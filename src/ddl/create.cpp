// ddl/create.cpp - checks a creation and has PostgreSQL make the table.
//
// The table itself always comes from CREATE TABLE AS ... WITH NO DATA run by PostgreSQL, as the user, so that names,
// search_path, privileges and storage options are PostgreSQL's business. Refusals come before that, from prepare().
#include "ddl/create.hpp"

#include "catalog/catalog.hpp"
#include "core/hash.hpp"
#include "ddl/cascade.hpp"
#include "ddl/parse.hpp"
#include "ddl/partitions.hpp"
#include "ddl/state.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

namespace tviews::ddl {

namespace {

void refuse_temporary(const IntoClause *into, Oid schema) {
    if (into->rel->relpersistence == RELPERSISTENCE_TEMP || isTempOrTempToastNamespace(schema))
        ereport(ERROR, errcode(errors::invalid_tview_name),
                errmsg("table \"%s\" cannot be a TVIEW because it is temporary", into->rel->relname),
                errdetail("A table whose name starts with \"tv_\" becomes a TVIEW, which other sessions keep "
                          "up to date."),
                errhint("Create it without TEMPORARY, or give a temporary table another name."));
}

void refuse_execute(const Query *query, const char *table) {
    if (query->commandType == CMD_UTILITY)
        ereport(
            ERROR, errcode(errors::invalid_select),
            errmsg("TVIEW \"%s\" cannot be defined by EXECUTE", table),
            errdetail("The definition is kept and run again, so it must not depend on a prepared statement."),
            errhint("Write the SELECT itself after AS."));
}

void refuse_parameters(Query *query, const char *table) {
    auto check = [&](Node *node) {
        if (IsA(node, Param) && reinterpret_cast<Param *>(node)->paramkind == PARAM_EXTERN)
            ereport(
                ERROR, errcode(errors::invalid_select),
                errmsg("the definition of TVIEW \"%s\" uses a parameter or a variable", table),
                errdetail("The definition is kept and run again, when the parameter has no value any more."),
                errhint("Use a constant, or build the statement with format() and EXECUTE."));
        return false;
    };
    pg::walk(reinterpret_cast<Node *>(query), check);
}

// CREATE TABLE tv_x (a, b) AS: the names become those of the query's columns.
void rename_columns(Query *query, const List *names) {
    int next = 0;
    for (TargetEntry *entry : pg::each<TargetEntry>(query->targetList))
        if (!entry->resjunk && next < list_length(names))
            entry->resname = pstrdup(strVal(list_nth(names, next++)));
    if (next < list_length(names))
        ereport(ERROR, errcode(ERRCODE_SYNTAX_ERROR), errmsg("too many column names were specified"));
}

// Is this statement what the client sent, rather than a part of a function or DO block?
bool sent_by_client(const CreateTableAsStmt *statement) {
    if (ActivePortal == nullptr)
        return false;
    for (PlannedStmt *sent : pg::each<PlannedStmt>(ActivePortal->stmts)) {
        auto *const utility = reinterpret_cast<CreateTableAsStmt *>(sent->utilityStmt);
        if (utility != nullptr && IsA(utility, CreateTableAsStmt) &&
            strcmp(utility->into->rel->relname, statement->into->rel->relname) == 0)
            return true;
    }
    return false;
}

// Makes the statement create the table without its rows. WITH NO DATA tells the client "CREATE TABLE AS"; SPI, which
// keeps a copy of the statement, expects to be told of a SELECT: it gets one of no rows.
void leave_out_rows(CreateTableAsStmt *statement) {
    if (statement->into->skipData)
        return;
    if (sent_by_client(statement)) {
        statement->into->skipData = true;
        return;
    }
    auto *const query = castNode(Query, statement->query);
    query->limitCount = reinterpret_cast<Node *>(
        makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0), false, FLOAT8PASSBYVAL));
    query->limitOffset = nullptr;
    query->limitOption = LIMIT_OPTION_COUNT;
}

// Changes the statement in place: no rows yet, and room for HOT updates unless the user has chosen a fillfactor.
void shape_storage(CreateTableAsStmt *statement, const Options &options) {
    IntoClause *const into = statement->into;
    pg::ScopedContext const context(GetMemoryChunkContext(statement));
    leave_out_rows(statement);
    if (options.unlogged)
        into->rel->relpersistence = RELPERSISTENCE_UNLOGGED;
    for (DefElem *option : pg::each<DefElem>(into->options))
        if (option->defnamespace == nullptr && strcmp(option->defname, "fillfactor") == 0)
            return;
    into->options =
        lappend(into->options, makeDefElem(pstrdup("fillfactor"),
                                           reinterpret_cast<Node *>(makeInteger(options.fillfactor)), -1));
}

} // namespace

void refuse_existing_view(Oid schema, const char *entity) {
    const char *const view = psprintf("v_%s", entity);
    if (OidIsValid(get_relname_relid(view, schema)))
        ereport(
            ERROR, errcode(errors::object_in_the_way),
            errmsg("relation \"%s\" already exists", pg::qualified_name(get_namespace_name(schema), view)),
            errdetail("TVIEW \"tv_%s\" needs this name for the view that holds its definition.", entity),
            errhint("Rename or drop that relation, or choose another name for the TVIEW."));
}

void lock_name(Oid schema, const char *table_name) {
    uint64 const hash =
        core::hash_bytes(reinterpret_cast<const unsigned char *>(table_name), strlen(table_name));
    // PostgreSQL itself locks schemas with 0 in the last place.
    LockDatabaseObject(NamespaceRelationId, schema, static_cast<uint16>(hash | 1), ExclusiveLock);
}

bool concerns_us(const CreateTableAsStmt *statement) {
    return statement->objtype == OBJECT_TABLE && strncmp(statement->into->rel->relname, "tv_", 3) == 0;
}

Creation *prepare(CreateTableAsStmt *statement, List *key_columns, const Options &options) {
    const RangeVar *const target = statement->into->rel;
    Oid const schema = RangeVarGetCreationNamespace(target);
    lock_name(schema, target->relname);
    if (OidIsValid(get_relname_relid(target->relname, schema)))
        return nullptr;
    refuse_temporary(statement->into, schema);
    const char *const entity = entity_of(target->relname);
    auto *const query = castNode(Query, statement->query);
    refuse_execute(query, target->relname);
    refuse_parameters(query, target->relname);
    refuse_existing_view(schema, entity);

    MemoryContext const context =
        AllocSetContextCreate(TopTransactionContext, "pg_tviews creation", ALLOCSET_DEFAULT_SIZES);
    pg::ScopedContext const scope(context);
    auto *const creation = pg::make_in<Creation>(context);
    creation->context = context;
    creation->subtransaction = GetCurrentSubTransactionId();
    creation->schema = schema;
    creation->table_name = pstrdup(target->relname);
    creation->entity = pstrdup(entity);
    creation->options = options;
    creation->options.json = pstrdup(options.json);
    creation->options.function_reads = list_copy(options.function_reads);
    creation->options.indexed = NIL;
    creation->options.bounds = NIL;
    for (const char *bound : pg::each<const char>(options.bounds))
        creation->options.bounds = lappend(creation->options.bounds, pstrdup(bound));
    for (const char *column : pg::each<const char>(options.indexed))
        creation->options.indexed = lappend(creation->options.indexed, pstrdup(column));
    creation->request.entity = creation->entity;
    for (const char *column : pg::each<const char>(key_columns))
        creation->request.key_columns = lappend(creation->request.key_columns, pstrdup(column));
    creation->request.function_reads = creation->options.function_reads;
    creation->request.stale_sources = creation->options.stale_sources;

    auto *const own_query = static_cast<Query *>(copyObjectImpl(query));
    rename_columns(own_query, statement->into->colNames);
    creation->query = definition::canonical(own_query);
    creation->shape = definition::analyze(creation->query, creation->request);
    check_cascade(InvalidOid, creation->table_name, creation->shape->relations);
    shape_storage(statement, options);
    return creation;
}

void create(RangeVar *target, const char *select, List *key_columns, const Options &options) {
    RawStmt *const raw = parse_select(select);
    auto *const statement = makeNode(CreateTableAsStmt);
    statement->query = raw->stmt;
    statement->objtype = OBJECT_TABLE;
    statement->into = makeNode(IntoClause);
    statement->into->rel = target;
    statement->into->onCommit = ONCOMMIT_NOOP;
    raw->stmt = reinterpret_cast<Node *>(statement);

    // Analysis of CREATE TABLE AS analyses its SELECT, in the same node.
    Query *const utility = analyze_statement(raw, select);
    auto *const analysed = castNode(CreateTableAsStmt, utility->utilityStmt);
    Creation *const creation = prepare(analysed, key_columns, options);

    if (creation != nullptr && options.partition_by != '\0') {
        OwnStatements const own;
        create_partitioned(*creation);
        adopt(get_relname_relid(creation->table_name, creation->schema), creation);
        return;
    }
    auto *const planned = makeNode(PlannedStmt);
    planned->commandType = CMD_UTILITY;
    planned->canSetTag = false;
    planned->utilityStmt = reinterpret_cast<Node *>(analysed);
    planned->stmt_location = raw->stmt_location;
    planned->stmt_len = raw->stmt_len;
    {
        OwnStatements const own;
        ProcessUtility(planned, select, false, PROCESS_UTILITY_QUERY, nullptr, nullptr, None_Receiver,
                       nullptr);
    }
    CommandCounterIncrement();
    if (creation == nullptr)
        elog(ERROR, "relation \"%s\" appeared while it was being created", target->relname);
    adopt(get_relname_relid(creation->table_name, creation->schema), creation);
}

const char *create(const char *name, const char *select, bool if_not_exists, List *key_columns,
                   const char *options) {
    RangeVar *const target = target_table(name);
    Oid const schema = RangeVarGetCreationNamespace(target);
    const char *const qualified = pg::qualified_name(get_namespace_name(schema), target->relname);
    lock_name(schema, target->relname);
    Oid const existing = get_relname_relid(target->relname, schema);
    if (OidIsValid(existing)) {
        bool const skip = if_not_exists && catalog::find_by_table(existing) != nullptr;
        ereport(skip ? NOTICE : ERROR, errcode(ERRCODE_DUPLICATE_TABLE),
                skip ? errmsg("TVIEW \"%s\" already exists, skipping", target->relname)
                     : errmsg("relation \"%s\" already exists", target->relname),
                skip ? 0 : errhint("Drop it first, or choose another name."));
        return qualified;
    }
    create(target, select, key_columns, read_options(options));
    return qualified;
}

} // namespace tviews::ddl
