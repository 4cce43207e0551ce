// pg/compat.cpp - the larger version differences (see compat.hpp).
#include "pg/compat.hpp"

extern "C" {
#include "access/nbtree.h"
#include "parser/parse_relation.h"
#include "utils/typcache.h"
}

#if TVIEWS_PG_GE(18)
extern "C" {
#include "rewrite/rewriteHandler.h"
#include "rewrite/rewriteManip.h"
}
#endif

namespace tviews::pg {

Node *virtual_column_expression([[maybe_unused]] Oid relation, [[maybe_unused]] AttrNumber attno,
                                [[maybe_unused]] int varno) {
#if TVIEWS_PG_GE(18)
    Relation const table = table_open(relation, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(table);
    Node *expression = nullptr;
    if (descriptor->constr != nullptr && descriptor->constr->has_generated_virtual && attno > 0 &&
        is_virtual_generated(TupleDescAttr(descriptor, attno - 1))) {
        expression = build_generation_expression(table, attno);
        ChangeVarNodes(expression, 1, varno, 0);
    }
    table_close(table, NoLock);
    return expression;
#else
    return nullptr;
#endif
}

bool orders_values(Oid operation) {
#if TVIEWS_PG_GE(18)
    return get_op_index_interpretation(operation) != NIL;
#else
    return get_op_btree_interpretation(operation) != NIL;
#endif
}

bool transition_tables_complete() {
    int const version = atoi(GetConfigOption("server_version_num", false, false));
#if TVIEWS_PG_GE(18)
    return version >= 180002;
#elif TVIEWS_PG_GE(17)
    return version >= 170008;
#elif TVIEWS_PG_GE(16)
    return version >= 160012;
#else
    return version >= 150016;
#endif
}

bool equal_values_look_equal(Oid type, Oid collation) {
    TypeCacheEntry *const entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
    if (!OidIsValid(entry->btree_opf))
        return false;
    Oid const procedure =
        get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype, BTEQUALIMAGE_PROC);
    return OidIsValid(procedure) &&
           DatumGetBool(OidFunctionCall1Coll(procedure, collation, ObjectIdGetDatum(entry->btree_opintype)));
}

List *columns_of(RangeTblEntry *rte, Index varno) {
    List *columns = NIL;
#if TVIEWS_PG_GE(18)
    expandRTE(rte, static_cast<int>(varno), 0, VAR_RETURNING_DEFAULT, -1, false, nullptr, &columns);
#else
    expandRTE(rte, static_cast<int>(varno), 0, -1, false, nullptr, &columns);
#endif
    return columns;
}

bool column_not_null(Oid relation, AttrNumber attno) {
    HeapTuple const tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relation), Int16GetDatum(attno));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool const result = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attnotnull;
    ReleaseSysCache(tuple);
    return result;
}

} // namespace tviews::pg
