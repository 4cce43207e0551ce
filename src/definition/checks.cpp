// definition/checks.cpp - refuses what cannot be kept exact (see checks.hpp).
//
// PostgreSQL's own STABLE functions are accepted unless they depend on the clock, the session or the catalogs: most
// are stable only because they use output functions, whose settings are pinned for every TVIEW.
#include "definition/checks.hpp"

#include "definition/expressions.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "parser/parsetree.h"
#include "tcop/tcopprot.h"
#include "utils/regproc.h"
#include "utils/acl.h"
}

namespace tviews::definition {

namespace {

// Set for the duration of one analysis.
List *function_reads = NIL;
bool stale_sources = false;

[[noreturn]] void refuse(const char *what, const char *detail, const char *hint) {
    ereport(ERROR, errcode(errors::invalid_select),
            errmsg("%s cannot be used in the definition of a TVIEW", what), errdetail("%s", detail),
            errhint("%s", hint));
    pg_unreachable();
}

bool starts_with(const char *name, const char *prefix) { return strncmp(name, prefix, strlen(prefix)) == 0; }

// STABLE functions of pg_catalog whose results depend on the clock, the session or the catalogs.
bool depends_on_session(const char *name, int arguments) {
    static constexpr const char *exact[] = {"now",
                                            "transaction_timestamp",
                                            "statement_timestamp",
                                            "getpgusername",
                                            "session_user",
                                            "obj_description",
                                            "col_description",
                                            "shobj_description",
                                            "format_type",
                                            "version",
                                            "row_security_active",
                                            "getdatabaseencoding",
                                            "currtid2",
                                            "ts_stat",
                                            "cursor_to_xml",
                                            "cursor_to_xmlschema",
                                            "nextval",
                                            "lastval",
                                            "currval"};
    static constexpr const char *prefixes[] = {"current_",
                                               "has_",
                                               "inet_client",
                                               "inet_server",
                                               "to_reg",
                                               "txid_",
                                               "database_to_xml",
                                               "schema_to_xml",
                                               "table_to_xml",
                                               "query_to_xml",
                                               "lo_",
                                               "loread",
                                               "pg_",
                                               "acl",
                                               "regclass",
                                               "regproc",
                                               "regoper",
                                               "regtype",
                                               "regrole",
                                               "regnamespace",
                                               "regconfig",
                                               "regdictionary",
                                               "regcollation",
                                               "binary_upgrade"};
    if (strcmp(name, "pg_typeof") == 0 || strcmp(name, "pg_column_size") == 0 ||
        strcmp(name, "pg_size_pretty") == 0)
        return false;
    if (strcmp(name, "age") == 0 && arguments == 1)
        return true;
    for (const char *entry : exact)
        if (strcmp(name, entry) == 0)
            return true;
    for (const char *prefix : prefixes)
        if (starts_with(name, prefix))
            return true;
    return false;
}

// Does the body of a SQL-language function read tables? Unparsable bodies count as reading.
bool sql_body_reads_tables(HeapTuple tuple) {
    bool is_null = false;
    Datum const body = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosqlbody, &is_null);
    bool reads = false;
    auto visit = [&](Node *node) {
        if (IsA(node, RangeTblEntry) && castNode(RangeTblEntry, node)->rtekind == RTE_RELATION)
            reads = true;
        if (IsA(node, Query))
            for (auto *rte : pg::each<RangeTblEntry>(castNode(Query, node)->rtable))
                if (rte->rtekind == RTE_RELATION)
                    reads = true;
        return reads;
    };
    if (!is_null) {
        auto *tree = static_cast<Node *>(stringToNode(TextDatumGetCString(body)));
        if (IsA(tree, List))
            for (Node *part : pg::each<Node>(castNode(List, tree))) {
                if (IsA(part, List)) {
                    for (Node *query : pg::each<Node>(castNode(List, part)))
                        pg::walk(query, visit);
                } else {
                    pg::walk(part, visit);
                }
            }
        else
            pg::walk(tree, visit);
        return reads;
    }
    Datum const source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
    auto raw_visit = [&](Node *node) {
        if (IsA(node, RangeVar))
            reads = true;
        return reads;
    };
    struct Raw {
        decltype(raw_visit) *visit;
        static bool step(Node *node, void *raw) {
            if (node == nullptr)
                return false;
            if ((*static_cast<Raw *>(raw)->visit)(node))
                return true;
            return raw_expression_tree_walker(node, TVIEWS_WALKER(&Raw::step), raw);
        }
    } raw{&raw_visit};
    for (auto *statement : pg::each<RawStmt>(pg_parse_query(TextDatumGetCString(source)))) {
        if (!IsA(statement->stmt, SelectStmt))
            return true;
        Raw::step(statement->stmt, &raw);
    }
    return reads;
}

void check_function(Oid function) {
    HeapTuple const tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, errcode(errors::internal_error),
                errmsg("function with OID %u does not exist", function));
    auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const char *const name = psprintf("function %s", format_procedure(function));
    bool const builtin = function < FirstNormalObjectId;
    if (form->provolatile == PROVOLATILE_VOLATILE)
        refuse(name, "The function is VOLATILE: its result may change while the tables stay the same.",
               "Compute the value when the base table is written and store it in a column.");
    if (form->provolatile == PROVOLATILE_STABLE) {
        if (builtin && depends_on_session(NameStr(form->proname), form->pronargs))
            refuse(name, "Its result depends on the clock, the session or the system catalogs.",
                   "Store the value in a base table, or apply the condition when you read the TVIEW.");
        if (!builtin && function_reads == NIL)
            refuse(name,
                   "The function is STABLE: it may read tables or settings that the TVIEW does not see.",
                   "Declare it IMMUTABLE if its result depends on its arguments only, or name the tables it "
                   "reads in "
                   "options->'function_reads' of pg_tviews_create().");
    }
    if (!builtin && form->prolang == SQLlanguageId && form->prokind == PROKIND_FUNCTION &&
        function_reads == NIL && sql_body_reads_tables(tuple))
        refuse(name, "Its body reads tables, whose changes the TVIEW would not see.",
               "Write the query into the definition, or name the tables in options->'function_reads' of "
               "pg_tviews_create().");
    bool const aggregate = form->prokind == PROKIND_AGGREGATE;
    ReleaseSysCache(tuple);
    if (!builtin && aggregate) {
        HeapTuple const row = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
        if (!HeapTupleIsValid(row))
            return;
        auto *form_aggregate = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(row));
        Oid const parts[] = {form_aggregate->aggtransfn, form_aggregate->aggfinalfn,
                             form_aggregate->aggmtransfn, form_aggregate->aggmfinalfn};
        ReleaseSysCache(row);
        for (Oid part : parts)
            if (OidIsValid(part))
                check_function(part);
    }
}

bool checker(Oid function, void *) {
    check_function(function);
    return false;
}

} // namespace

void set_function_reads(List *tables) { function_reads = tables; }
void set_stale_sources(bool accepted) { stale_sources = accepted; }

void check_relation(const RangeTblEntry *rte) {
    const char *const name = psprintf("relation %s", pg::qualified_name(rte->relid));
    if (rte->tablesample != nullptr)
        refuse("TABLESAMPLE", "It picks other rows each time.", "Remove the TABLESAMPLE clause.");
    if (rte->relid < FirstNormalObjectId)
        refuse(name, "It is a system catalog; changes to it fire no triggers.", "Use ordinary tables only.");
    if (get_rel_persistence(rte->relid) == RELPERSISTENCE_TEMP)
        refuse(name, "It is temporary and goes away with the session.", "Use permanent tables only.");
    switch (get_rel_relkind(rte->relid)) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
    case RELKIND_VIEW:
        return;
    case RELKIND_MATVIEW:
        if (stale_sources)
            return;
        refuse(name, "It is a materialized view, which is as old as its last refresh.",
               "Use the tables it is built on, turn it into a TVIEW first, or accept that with the option "
               "allow_stale_sources of pg_tviews_create().");
    case RELKIND_FOREIGN_TABLE:
        refuse(name, "It is a foreign table; changes on the other server fire no triggers here.",
               "Copy its rows into a local table, for example by logical replication, or into a materialized "
               "view.");
    default:
        refuse(name, "It is not a table or view.", "Use ordinary tables only.");
    }
}

void check_query(const Query *query) {
    if (query->commandType != CMD_SELECT || query->hasModifyingCTE)
        refuse("a data-modifying statement", "A definition must only read.", "Use a plain SELECT.");
    if (query->rowMarks != NIL)
        refuse("FOR UPDATE or FOR SHARE", "A definition must only read.", "Remove the locking clause.");
    auto visit = [&](Node *node) {
        if (IsA(node, SQLValueFunction))
            refuse("a session- or clock-dependent keyword (CURRENT_DATE, CURRENT_USER and the like)",
                   "Its result changes while the tables stay the same.",
                   "Store the value in a base table, or apply the condition when you read the TVIEW.");
        if (IsA(node, NextValueExpr))
            refuse("a sequence", "Its result is different each time.", "Store the value in a base table.");
        if (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXTERN)
            refuse("a parameter or variable", "A definition has no parameters.",
                   "Write the value as a constant, for example with format() and EXECUTE.");
        if (IsA(node, Var)) {
            AttrNumber const attno = castNode(Var, node)->varattno;
            if (attno < 0 && attno != TableOidAttributeNumber)
                refuse("a physical system column (ctid, xmin and the like)",
                       "It changes without a change of the row.", "Use the primary key.");
        }
        (void) check_functions_in_node(node, checker, nullptr);
        return false;
    };
    // Queries in FROM and WITH are checked when they are built into the scope; sub-selects are entered here as well.
    struct Walker {
        decltype(visit) *function;
        static bool step(Node *node, void *raw) {
            if (node == nullptr)
                return false;
            (void) (*static_cast<Walker *>(raw)->function)(node);
            if (IsA(node, Query))
                return false;
            return expression_tree_walker(node, TVIEWS_WALKER(&Walker::step), raw);
        }
    } walker{&visit};
    (void) query_tree_walker(const_cast<Query *>(query), TVIEWS_WALKER(&Walker::step), &walker,
                             QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
}

} // namespace tviews::definition
