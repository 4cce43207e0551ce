// definition/arrays.cpp - leaves that are arrays of objects with an id of their own (see layout.hpp).
//
// Such a leaf is (SELECT jsonb_agg(jsonb_build_object(...)) FROM ...), perhaps with coalesce() around either, and nothing
// in the sub-select that makes one element depend on other rows of its relation: no grouping, no window, no limit. The
// rows are read on the side of outer joins that is never filled up with NULLs. Then a changed row with id x, old or new,
// reaches the elements with this id and no others, however often they are repeated; all others stay, in the same order.
#include "definition/layout_analysis.hpp"

#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_collation.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

namespace {

// The first argument of coalesce(x, constant), else the expression itself.
Node *without_default(Node *expr) {
    if (expr != nullptr && IsA(expr, CoalesceExpr)) {
        auto *const coalesce = castNode(CoalesceExpr, expr);
        if (list_length(coalesce->args) == 2 && IsA(lsecond(coalesce->args), Const))
            return static_cast<Node *>(linitial(coalesce->args));
    }
    return expr;
}

TargetEntry *only_output(const Query *query) {
    TargetEntry *output = nullptr;
    for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
        if (tle->resjunk || output != nullptr)
            return nullptr;
        output = tle;
    }
    return output;
}

Aggref *plain_aggregate(Node *expr) {
    Node *const inner = without_default(expr);
    if (inner == nullptr || !IsA(inner, Aggref))
        return nullptr;
    auto *const aggregate = castNode(Aggref, inner);
    bool const plain = aggregate->aggfnoid == F_JSONB_AGG && aggregate->aggdistinct == NIL &&
                       aggregate->agglevelsup == 0 && aggregate->args != NIL &&
                       linitial_node(TargetEntry, aggregate->args)->ressortgroupref == 0;
    return plain ? aggregate : nullptr;
}

// The sub-select that makes the array, as written, and its aggregate; nullptr when the leaf is anything else.
Query *array_query(Node *leaf, Aggref **aggregate) {
    Node *const expr = without_default(leaf);
    if (!IsA(expr, SubLink) || castNode(SubLink, expr)->subLinkType != EXPR_SUBLINK)
        return nullptr;
    auto *const query = castNode(Query, castNode(SubLink, expr)->subselect);
    if (query->setOperations != nullptr || query->groupClause != NIL || query->groupingSets != NIL ||
        query->havingQual != nullptr || query->hasWindowFuncs || query->distinctClause != NIL ||
        query->hasTargetSRFs || query->cteList != NIL || is_limited(query))
        return nullptr;
    TargetEntry *const output = only_output(query);
    *aggregate = output == nullptr ? nullptr : plain_aggregate(reinterpret_cast<Node *>(output->expr));
    return *aggregate == nullptr ? nullptr : query;
}

// Types whose equal values are the same text in jsonb.
bool id_type(Oid type, Oid collation) {
    switch (type) {
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case UUIDOID:
        return true;
    case TEXTOID:
        return OidIsValid(collation) && get_collation_isdeterministic(collation);
    default:
        return false;
    }
}

// Does a unique index on the column alone hold for all rows?
bool unique_column(Oid relation, AttrNumber attno) {
    Relation const table = relation_open(relation, AccessShareLock);
    List *const indexes = RelationGetIndexList(table);
    bool found = false;
    pg::each_oid(indexes, [&](Oid id) {
        Relation const index = index_open(id, AccessShareLock);
        found = found || (index->rd_index->indisunique && index->rd_index->indisvalid &&
                          index->rd_index->indnkeyatts == 1 && index->rd_index->indkey.values[0] == attno &&
                          RelationGetIndexPredicate(index) == NIL);
        index_close(index, NoLock);
    });
    list_free(indexes);
    relation_close(table, NoLock);
    return found;
}

// The column that a member of an element shows, if it can be the id. `written` is the element as written.
Var *id_column(const Scope &scope, const Level &level, const Query *query, Node *written, Node *global) {
    if (!IsA(written, Var) || !IsA(global, Var))
        return nullptr;
    auto *const var = castNode(Var, written);
    auto *const column = castNode(Var, global);
    if (var->varlevelsup != 0 || var->varattno <= 0 || column->varattno != var->varattno)
        return nullptr;
    RangeTblEntry *const rte = rt_fetch(var->varno, query->rtable);
    const Rel &rel = scope.rel(static_cast<int>(column->varno));
    if (rte->rtekind != RTE_RELATION || rel.kind != RelKind::base || rel.rte->relid != rte->relid ||
        rel.level != &level || rel.nullable || !id_type(var->vartype, var->varcollid) ||
        !unique_column(rte->relid, var->varattno))
        return nullptr;
    return column;
}

// id = wanted, or id = ANY (wanted) if that is an array.
Node *id_test(Node *id, Param *wanted, const ArrayLeaf &array) {
    Oid const equal = lookup_type_cache(array.type, TYPECACHE_EQ_OPR)->eq_opr;
    if (wanted->paramtype == array.type)
        return reinterpret_cast<Node *>(make_opclause(equal, BOOLOID, false, reinterpret_cast<Expr *>(id),
                                                      reinterpret_cast<Expr *>(wanted), InvalidOid,
                                                      array.collation));
    auto *const test = makeNode(ScalarArrayOpExpr);
    test->opno = equal;
    test->opfuncid = get_opcode(equal);
    test->useOr = true;
    test->inputcollid = array.collation;
    test->args = list_make2(id, wanted);
    test->location = -1;
    return reinterpret_cast<Node *>(test);
}

} // namespace

void find_array(const Scope &scope, Layout &layout, int leaf, Node *expr, Node *global) {
    Aggref *aggregate = nullptr;
    Query *const query = array_query(expr, &aggregate);
    Node *const marker = without_default(global);
    if (query == nullptr || !IsA(marker, Param) || castNode(Param, marker)->paramkind != PARAM_EXEC)
        return;
    const Level &level = *scope.rel(castNode(Param, marker)->paramid).sub;
    if (level.opaque || list_length(level.outputs) != 1)
        return;
    Aggref *const same = plain_aggregate(static_cast<Node *>(linitial(level.outputs)));
    if (same == nullptr)
        return;
    FuncExpr *const written =
        object_literal(reinterpret_cast<Node *>(linitial_node(TargetEntry, aggregate->args)->expr));
    FuncExpr *const element =
        object_literal(reinterpret_cast<Node *>(linitial_node(TargetEntry, same->args)->expr));
    if (written == nullptr || element == nullptr || !plain_keys(written) ||
        list_length(written->args) != list_length(element->args))
        return;
    for (int i = 0; i < list_length(written->args); i += 2) {
        Var *const column =
            id_column(scope, level, query, static_cast<Node *>(list_nth(written->args, i + 1)),
                      static_cast<Node *>(list_nth(element->args, i + 1)));
        if (column == nullptr)
            continue;
        ArrayLeaf array{};
        array.leaf = leaf;
        array.key = literal_key(static_cast<Node *>(list_nth(written->args, i)));
        array.length = static_cast<uint32>(strlen(array.key));
        array.rel = static_cast<int>(column->varno);
        array.attno = column->varattno;
        array.type = column->vartype;
        array.collation = column->varcollid;
        Footprint moving(scope);
        moving.from(&level, level.outputs);
        for (const Sublink &sublink : level.sublinks)
            moving.level(sublink.level);
        moving.expression(reinterpret_cast<Node *>(same->aggfilter));
        for (auto *tle : pg::each<TargetEntry>(same->args))
            if (tle->ressortgroupref != 0)
                moving.expression(reinterpret_cast<Node *>(tle->expr));
        moving.expression(reinterpret_cast<Node *>(column));
        array.moving = moving.columns(array.rel);
        layout.arrays.push_back(array);
        return;
    }
}

void find_element_source(const Layout &layout, const Source &source, SourceFeeds &feeds) {
    for (std::size_t i = 0; i < layout.arrays.size(); i++) {
        const ArrayLeaf &array = layout.arrays[i];
        if (array.rel != source.occurrence || feeds.confined != Leaves(1) << array.leaf)
            continue;
        feeds.array = static_cast<int>(i);
        bool const whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, array.moving);
        feeds.steady = whole_row ? nullptr : bms_difference(source.used, array.moving);
    }
}

Node *changed_elements(Node *leaf, const ArrayLeaf &array, int param, const Part &part) {
    auto *const elements = static_cast<Node *>(copyObject(leaf));
    auto *const ids = static_cast<Node *>(copyObject(leaf));
    Aggref *aggregate = nullptr;
    Query *const query = array_query(elements, &aggregate);
    auto id_of = [&](const Aggref *of) -> Node * {
        auto *const object =
            object_literal(reinterpret_cast<Node *>(linitial_node(TargetEntry, of->args)->expr));
        for (int i = 0; i < list_length(object->args); i += 2)
            if (strcmp(literal_key(static_cast<Node *>(list_nth(object->args, i))), array.key) == 0)
                return static_cast<Node *>(copyObject(list_nth(object->args, i + 1)));
        return nullptr;
    };
    auto *wanted = makeNode(Param);
    wanted->paramkind = PARAM_EXTERN;
    wanted->paramid = param;
    wanted->paramtype = part.one ? array.type : get_array_type(array.type);
    wanted->paramtypmod = -1;
    wanted->paramcollid = array.collation;
    wanted->location = -1;
    Node *const test = id_test(id_of(aggregate), wanted, array);
    Node *const quals = query->jointree->quals;
    query->jointree->quals =
        quals == nullptr ? test : reinterpret_cast<Node *>(make_andclause(list_make2(quals, test)));

    Node *all = reinterpret_cast<Node *>(makeNullConst(JSONBOID, -1, InvalidOid));
    if (part.order) {
        (void) array_query(ids, &aggregate);
        Node *const id = id_of(aggregate);
        linitial_node(TargetEntry, aggregate->args)->expr = reinterpret_cast<Expr *>(id);
        aggregate->aggargtypes = list_make1_oid(array.type);
        all = ids;
    }
    FuncExpr *const known =
        makeFuncExpr(part.one ? F_JSONB_BUILD_ARRAY_ANY : F_TO_JSONB, JSONBOID,
                     list_make1(copyObject(wanted)), InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
    return reinterpret_cast<Node *>(makeFuncExpr(F_JSONB_BUILD_ARRAY_ANY, JSONBOID,
                                                 list_make3(elements, all, known), InvalidOid, InvalidOid,
                                                 COERCE_EXPLICIT_CALL));
}

} // namespace tviews::definition
