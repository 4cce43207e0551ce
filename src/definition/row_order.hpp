// definition/row_order.hpp - by what rows of one level of a query can be told apart.
#pragma once

#include "pg/list.hpp"

namespace tviews::definition {

// Can values of the type be sorted?
bool sortable(Oid type);

// Are values of the expression that are equal the same bytes? Not 1.0 and 1.00.
bool equal_is_same(Node *expr);

// What the expression looks like, as text that is compared byte by byte.
Node *as_text(Node *expr);

// As coerced by an explicit cast; nullptr when there is none.
Node *cast_to(Node *expr, Oid type, int32 typmod);
Node *collated(Node *expr, Oid collation);

// Appends what orders rows by all that can be seen of `expr`.
void add_image(List **columns, Node *expr);

// The columns that identify a row of one relation: its primary key, or a function's ordinality. NIL when there are none.
List *key_columns(const Query *query, Index varno);

// What can be seen of the `used` columns of one relation. After its first column, which is the order that people
// expect, if so `led`.
List *visible_columns(const Query *query, Index varno, List *used, bool led);

// The columns (list of Var) of this level's relations that `exprs` are computed from. An outer level's rows are fixed
// while this one is computed.
List *used_columns(Query *query, List *exprs);

// Columns of one level's relations: rows that are equal in them give the same `exprs`, so that their order does not
// matter.
List *tie_breakers(Query *query, List *exprs);

// The same for a level with GROUP BY, whose rows are groups.
List *group_tie_breakers(Query *query);

// The expressions of GROUP BY, as they are written inside of aggregates.
List *grouping(Query *query);

// visit(varno) for the relations below `item` of a level's FROM that are among `used`, in the order in which they are
// joined.
template <typename F> void for_each_used(Node *item, List *used, F &&visit) {
    if (IsA(item, JoinExpr)) {
        for_each_used(castNode(JoinExpr, item)->larg, used, visit);
        for_each_used(castNode(JoinExpr, item)->rarg, used, visit);
        return;
    }
    bool present = false;
    for (auto *var : pg::each<Var>(used))
        present = present || (IsA(item, RangeTblRef) && var->varno == castNode(RangeTblRef, item)->rtindex);
    if (present)
        visit(static_cast<Index>(castNode(RangeTblRef, item)->rtindex));
}

} // namespace tviews::definition
