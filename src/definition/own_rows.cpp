// definition/own_rows.cpp - leaves that are computed from one row of a base relation, and how a document tells which.
//
// Let a row of the definition have the value k in output columns that are equal to a unique key of source s. If a row of s
// has entered it, then its key is k, so it is the only one that has. Has one? Yes if the output column is a column of s
// itself and not NULL, and if s is joined inwardly. On the nullable side of a LEFT JOIN, yes if there is a row with key k
// and the join asks for nothing more.
#include "definition/layout_analysis.hpp"
#include "definition/unique_rows.hpp"

#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"
#include "utils/typcache.h"
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
    *left = plain_column(static_cast<Node *>(linitial(castNode(OpExpr, clause)->args)));
    *right = plain_column(static_cast<Node *>(lsecond(castNode(OpExpr, clause)->args)));
    return *left != nullptr && *right != nullptr;
}

class Outputs {
  public:
    Outputs(const Scope &scope, const Query *query, const Rel &rel)
        : scope_(scope), query_(query), rel_(rel) {}

    pg::vector<KnownColumn> run() {
        if (!rel_.nullable) {
            for (const Conjunct &conjunct : scope_.top->conjuncts)
                if (bms_is_member(rel_.id, conjunct.far))
                    (void) add(conjunct.clause);
        } else {
            bool all = rel_.joined_by != NIL;
            for (Node *clause : pg::each<Node>(rel_.joined_by))
                all = add(clause) && all;
            if (!all)
                result_.clear();
        }
        each_output([&](const Var *output, Oid type, int position) {
            if (static_cast<int>(output->varno) == rel_.id)
                result_.push_back({position, output->varattno, type, InvalidOid, InvalidOid});
        });
        return result_;
    }

  private:
    // visit(column, type, position) for every output that is a plain column.
    template <typename F> void each_output(F &&visit) {
        int position = 0;
        for (auto *tle : pg::each<TargetEntry>(query_->targetList)) {
            if (tle->resjunk)
                continue;
            Var *const output =
                plain_column(static_cast<Node *>(list_nth(scope_.top->outputs, tle->resno - 1)));
            if (output != nullptr)
                visit(output, exprType(reinterpret_cast<Node *>(tle->expr)), position);
            position++;
        }
    }

    // Adds the outputs that `clause` makes equal to columns of the rel; false if there are none.
    bool add(Node *clause) {
        Var *column;
        Var *other;
        if (!column_equality(clause, &column, &other))
            return false;
        if (static_cast<int>(column->varno) != rel_.id)
            std::swap(column, other);
        if (static_cast<int>(column->varno) != rel_.id || static_cast<int>(other->varno) == rel_.id)
            return false;
        auto const *const equality = castNode(OpExpr, clause);
        bool any = false;
        each_output([&](const Var *output, Oid type, int position) {
            if (output->varno != other->varno || output->varattno != other->varattno)
                return;
            result_.push_back({position, column->varattno, type, equality->opno, equality->inputcollid});
            any = true;
        });
        return any;
    }

    const Scope &scope_;
    const Query *query_;
    const Rel &rel_;
    pg::vector<KnownColumn> result_;
};

} // namespace

bool settled(Node *expr) {
    bool other = false;
    auto step = [&](Node *node) {
        other = other || !plain(node) || check_functions_in_node(node, replaceable, nullptr);
        return other;
    };
    pg::walk(expr, step, false);
    return !other;
}

int own_rel(const Scope &scope, Node *expr) {
    int rel = 0;
    if (!bms_get_singleton_member(rels_of(expr), &rel) || scope.rel(rel).kind != RelKind::base)
        return 0;
    return settled(expr) ? rel : 0;
}

void identify(const Scope &scope, const Query *query, const Rel &rel, SourceFeeds &feeds) {
    if (rel.level == scope.top)
        feeds.index = find_unique_index(rel.rte->relid, Outputs(scope, query, rel).run(), feeds.identity);
}

KeyTable find_key_table(const Scope &scope, const Query *query, const Shape &shape) {
    KeyTable result;
    if (scope.top->set_operation)
        return result;
    for (const Source *source : shape.sources) {
        if (source->route != Route::key || source->occurrence <= 0)
            continue;
        const Rel &rel = scope.rel(source->occurrence);
        if (rel.level != scope.top)
            continue;
        pg::vector<KnownColumn> key;
        for (KnownColumn column : Outputs(scope, query, rel).run()) {
            if (OidIsValid(column.equality) ||
                std::find(shape.key.begin(), shape.key.end(), column.value) == shape.key.end())
                continue;
            // A key is addressed by the equality of its type: rows that are equal only so are the same one.
            column.equality = lookup_type_cache(column.type, TYPECACHE_EQ_OPR)->eq_opr;
            column.collation = shape.columns[static_cast<std::size_t>(column.value)].collation;
            key.push_back(column);
        }
        if (key.size() == shape.key.size())
            result.index = find_unique_index(source->relation, key, result.identity);
        if (OidIsValid(result.index)) {
            result.relation = source->relation;
            result.occurrence = rel.id;
            return result;
        }
    }
    return result;
}

} // namespace tviews::definition
