// definition/assembly.cpp - definitions whose rows are put together from rows found by unique keys.
//
// Take a definition of base tables only, joined inwardly or, one at a time, by LEFT JOIN; nothing grouped, distinct, limited
// or sub-selected. Its rows with a given key all hold the row of the key table with that key, of which there is one at most.
// If a further table has a unique index, and the conditions by which it is joined make all columns of the index equal to
// what is computed from tables found so far, then there is one row at most that can be joined, and the index finds it. So
// table by table: if every one is found like that, the definition has at most one row for the key.
// * Joined inwardly, a missing row means that there is none. So does any other condition of WHERE or an inner join that is
//   not true: as no such join is on the nullable side of another, they can all be asked for once their columns are known.
// * LEFT JOIN of one table: the row if it is there and the rest of the join's condition is true, else NULLs. Conditions of
//   WHERE do not help to find it.
// Expressions have to be settled() because they are compiled once for the session.
//
// Conditions are asked for as early as possible, cheap ones first, as the planner does: one may guard another from an error.
#include "definition/layout_analysis.hpp"
#include "definition/unique_rows.hpp"

#include "pg/list.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
}

namespace tviews::definition {

namespace {

class Finder {
  public:
    Finder(const Scope &scope, const Query *query, const Shape &shape)
        : scope_(scope), level_(*scope.top), query_(query), shape_(shape) {}

    const Assembly *run() {
        const KeyTable &key = shape_.key_table;
        if (!OidIsValid(key.relation) || scope_.rel(key.occurrence).nullable || !suitable())
            return nullptr;
        result_ = pg::make_in<Assembly>(CurrentMemoryContext);
        quals_ = list_copy(level_.quals);
        first();
        while (result_->look_ups.size() < level_.rels.size())
            if (!next())
                return nullptr;
        for (Node *output : pg::each<Node>(outputs_))
            result_->outputs = lappend(result_->outputs, flat(output));
        for (std::size_t i = 0; i < origins_.size(); i++)
            for (std::size_t l = 0; l < rels_.size(); l++)
                if (rels_[l] == origins_[i].first)
                    result_->look_ups[l]->columns.push_back({origins_[i].second, static_cast<int>(i)});
        return quals_ == NIL ? result_ : nullptr;
    }

  private:
    bool suitable() {
        if (level_.set_operation || level_.grouped || level_.limited || level_.opaque ||
            !level_.partitions.empty() || !level_.sublinks.empty() || query_->distinctClause != NIL ||
            query_->groupingSets != NIL || query_->hasWindowFuncs || query_->hasTargetSRFs ||
            shape_.unit.size() != shape_.key.size() || shape_.key_table.identity.size() != shape_.key.size())
            return false;
        for (int id : level_.rels) {
            const Rel &rel = scope_.rel(id);
            if (rel.kind != RelKind::base || (rel.nullable && rel.joined_by == NIL) ||
                !all_settled(rel.joined_by))
                return false;
        }
        for (auto *tle : pg::each<TargetEntry>(query_->targetList))
            if (!tle->resjunk)
                outputs_ = lappend(outputs_, list_nth(level_.outputs, tle->resno - 1));
        std::size_t column = 0;
        for (Node *output : pg::each<Node>(outputs_))
            if (exprType(output) != shape_.columns[column++].type)
                return false;
        return all_settled(level_.quals) && all_settled(outputs_);
    }

    static bool all_settled(const List *exprs) {
        for (Node *expr : pg::each<Node>(exprs))
            if (!settled(expr))
                return false;
        return true;
    }

    void first() {
        const KeyTable &key = shape_.key_table;
        auto *const made = pg::make_in<LookUp>(CurrentMemoryContext);
        made->index = key.index;
        made->identity = key.identity;
        add(*made, scope_.rel(key.occurrence));
    }

    // Adds a look-up of another rel; false when no further one can be found.
    bool next() {
        for (int id : level_.rels) {
            const Rel &rel = scope_.rel(id);
            if (bms_is_member(id, found_))
                continue;
            List *const clauses = rel.nullable ? rel.joined_by : quals_;
            if (rel.nullable && !bms_is_subset(rels_of(reinterpret_cast<Node *>(clauses)),
                                               bms_add_member(bms_copy(found_), id)))
                continue;
            auto *const made = pg::make_in<LookUp>(CurrentMemoryContext);
            if (find(rel, clauses, *made)) {
                add(*made, rel);
                return true;
            }
        }
        return false;
    }

    // Finds the rel by equalities among the clauses. What is left of them is `joined` of an outer join, or waits for its turn.
    bool find(const Rel &rel, List *clauses, LookUp &made) {
        pg::vector<KnownColumn> known;
        pg::vector<Node *> values;
        pg::vector<Node *> origins;
        for (Node *clause : pg::each<Node>(clauses)) {
            if (!IsA(clause, OpExpr) || list_length(castNode(OpExpr, clause)->args) != 2)
                continue;
            auto const *const equality = castNode(OpExpr, clause);
            for (int side = 0; side < 2; side++) {
                Var *const column = plain_column(static_cast<Node *>(list_nth(equality->args, side)));
                auto *const other = static_cast<Node *>(list_nth(equality->args, 1 - side));
                if (column == nullptr || static_cast<int>(column->varno) != rel.id ||
                    !bms_is_subset(rels_of(other), found_))
                    continue;
                known.push_back({static_cast<int>(values.size()), column->varattno, exprType(other),
                                 equality->opno, equality->inputcollid});
                values.push_back(other);
                origins.push_back(clause);
            }
        }
        made.index = find_unique_index(rel.rte->relid, known, made.identity);
        if (!OidIsValid(made.index))
            return false;
        List *rest = list_copy(clauses);
        for (Identity &identity : made.identity) {
            auto const at = static_cast<std::size_t>(identity.column);
            identity.column = list_length(made.values);
            made.values = lappend(made.values, flat(values[at]));
            rest = list_delete_ptr(rest, origins[at]);
        }
        made.outer = rel.nullable;
        if (!rel.nullable)
            quals_ = rest;
        for (Node *clause : cheap_first(rel.nullable ? rest : NIL))
            made.joined = lappend(made.joined, flat(clause));
        return true;
    }

    void add(LookUp &made, const Rel &rel) {
        made.relation = rel.rte->relid;
        made.alias = pstrdup(rel.alias);
        result_->look_ups.push_back(&made);
        rels_.push_back(rel.id);
        found_ = bms_add_member(found_, rel.id);
        List *ready = NIL;
        List *later = NIL;
        for (Node *qual : pg::each<Node>(quals_))
            if (bms_is_subset(rels_of(qual), found_))
                ready = lappend(ready, qual);
            else
                later = lappend(later, qual);
        quals_ = later;
        for (Node *qual : cheap_first(ready))
            made.quals = lappend(made.quals, flat(qual));
    }

    static pg::vector<Node *> cheap_first(const List *clauses) {
        pg::vector<std::pair<Cost, Node *>> priced;
        for (Node *clause : pg::each<Node>(clauses)) {
            QualCost cost;
            cost_qual_eval_node(&cost, clause, nullptr);
            priced.emplace_back(cost.per_tuple, clause);
        }
        std::stable_sort(priced.begin(), priced.end(),
                         [](const auto &a, const auto &b) { return a.first < b.first; });
        pg::vector<Node *> result;
        for (const auto &[cost, clause] : priced)
            result.push_back(clause);
        return result;
    }

    // The expression over the assembled row, which gets the columns that it needs.
    Node *flat(Node *expr) {
        auto *const copy = static_cast<Node *>(copyObject(expr));
        for_each_var(copy, [&](Var *var) {
            std::pair<int, AttrNumber> const origin(static_cast<int>(var->varno), var->varattno);
            auto found = std::find(origins_.begin(), origins_.end(), origin);
            if (found == origins_.end()) {
                origins_.push_back(origin);
                result_->row.push_back({nullptr, var->vartype, var->vartypmod, var->varcollid});
                found = origins_.end() - 1;
            }
            var->varno = 1;
            var->varattno = static_cast<AttrNumber>(found - origins_.begin() + 1);
        });
        return copy;
    }

    const Scope &scope_;
    const Level &level_;
    const Query *query_;
    const Shape &shape_;
    Assembly *result_ = nullptr;
    List *outputs_ = NIL;
    List *quals_ = NIL;                              // still to be asked for
    Bitmapset *found_ = nullptr;                     // rels
    pg::vector<int> rels_;                           // by look-up
    pg::vector<std::pair<int, AttrNumber>> origins_; // by column of the assembled row: rel and column
};

} // namespace

const Assembly *find_assembly(const Scope &scope, const Query *query, const Shape &shape) {
    return Finder(scope, query, shape).run();
}

} // namespace tviews::definition
