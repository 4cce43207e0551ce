// definition/own_rows.cpp - leaves that are computed from one row of a base relation, and how a document tells which.
//
// Let a row of the definition have the value k in output columns that are equal to a unique key of source s. If a row of s
// has entered it, then its key is k, so it is the only one that has. Has one? Yes if the output column is a column of s
// itself and not NULL, and if s is joined inwardly. On the nullable side of a LEFT JOIN, yes if there is a row with key k
// and the join asks for nothing more.
#include "definition/layout_analysis.hpp"

#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"
}

namespace tviews::definition {

namespace {

// Is the function part of the server, so that its meaning cannot change?
bool replaceable(Oid function, void *) {
    if (function >= FirstNormalObjectId)
        return true;
    HeapTuple const tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return true;
    bool const internal = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == INTERNALlanguageId;
    ReleaseSysCache(tuple);
    return !internal;
}

bool plain(Node *node) {
    switch (nodeTag(node)) {
    case T_Var:
        return castNode(Var, node)->varattno > 0;
    case T_FuncExpr:
        return !castNode(FuncExpr, node)->funcretset;
    case T_List:
    case T_Const:
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr:
    case T_ScalarArrayOpExpr:
    case T_BoolExpr:
    case T_RelabelType:
    case T_CollateExpr:
    case T_CoerceViaIO:
    case T_CaseExpr:
    case T_CaseWhen:
    case T_CaseTestExpr:
    case T_ArrayExpr:
    case T_CoalesceExpr:
    case T_MinMaxExpr:
    case T_NullTest:
    case T_BooleanTest:
        return true;
    default:
        return false;
    }
}

// The two columns of `a = b`; false for anything else.
bool column_equality(Node *clause, Var **left, Var **right) {
    if (!IsA(clause, OpExpr) || list_length(castNode(OpExpr, clause)->args) != 2)
        return false;
    auto *const a = static_cast<Node *>(linitial(castNode(OpExpr, clause)->args));
    auto *const b = static_cast<Node *>(lsecond(castNode(OpExpr, clause)->args));
    if (!IsA(a, Var) || !IsA(b, Var) || castNode(Var, a)->varattno <= 0 || castNode(Var, b)->varattno <= 0)
        return false;
    *left = castNode(Var, a);
    *right = castNode(Var, b);
    return true;
}

bool same_column(const Var *a, const Var *b) noexcept {
    return a->varno == b->varno && a->varattno == b->varattno;
}

} // namespace

int own_rel(const Scope &scope, Node *expr) {
    int rel = 0;
    if (!bms_get_singleton_member(rels_of(expr), &rel) || scope.rel(rel).kind != RelKind::base)
        return 0;
    bool other = false;
    auto step = [&](Node *node) {
        other = other || !plain(node) || check_functions_in_node(node, replaceable, nullptr);
        return other;
    };
    pg::walk(expr, step, false);
    return other ? 0 : rel;
}

pg::vector<Identity> find_identity(const Scope &scope, const Query *query, const Rel &rel) {
    pg::vector<Identity> result;
    const Level &top = *scope.top;
    if (rel.level != scope.top)
        return result;
    // The outputs that `clause` makes equal to columns of the rel are added.
    auto add = [&](Node *clause) {
        Var *column;
        Var *other;
        if (!column_equality(clause, &column, &other))
            return false;
        if (static_cast<int>(column->varno) != rel.id)
            std::swap(column, other);
        if (static_cast<int>(column->varno) != rel.id || static_cast<int>(other->varno) == rel.id)
            return false;
        auto const *const equality = castNode(OpExpr, clause);
        int position = 0;
        bool any = false;
        for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
            auto *const output = static_cast<Node *>(list_nth(top.outputs, tle->resno - 1));
            if (tle->resjunk)
                continue;
            if (IsA(output, Var) && same_column(castNode(Var, output), other)) {
                result.push_back({position, column->varattno, equality->opno, equality->inputcollid});
                any = true;
            }
            position++;
        }
        return any;
    };
    if (!rel.nullable) {
        for (const Conjunct &conjunct : top.conjuncts)
            if (bms_is_member(rel.id, conjunct.far))
                (void) add(conjunct.clause);
    } else {
        bool all = rel.joined_by != NIL;
        for (Node *clause : pg::each<Node>(rel.joined_by))
            all = add(clause) && all;
        if (!all)
            result.clear();
    }
    int position = 0;
    for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
        auto *const output = static_cast<Node *>(list_nth(top.outputs, tle->resno - 1));
        if (tle->resjunk)
            continue;
        if (IsA(output, Var) && castNode(Var, output)->varattno > 0 &&
            static_cast<int>(castNode(Var, output)->varno) == rel.id)
            result.push_back(
                {position, castNode(Var, output)->varattno, InvalidOid, castNode(Var, output)->varcollid});
        position++;
    }
    return result;
}

} // namespace tviews::definition
