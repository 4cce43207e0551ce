// definition/text.cpp - see text.hpp.
#include "definition/text.hpp"

#include "pg/handles.hpp"

extern "C" {
#include "rewrite/rewriteHandler.h"
#include "utils/ruleutils.h"
}

namespace tviews::definition {

const char *text_of(const Query *query) {
    const char *sql = pg_get_querydef(static_cast<Query *>(copyObjectImpl(query)), false);
    while (*sql == ' ')
        sql++;
    return sql;
}

// A stored view may have range-table entries that a fresh query has not (OLD and NEW), and column references are written
// differently when there is more than one; dummies make up for them.
bool same_text(Oid view, const Query *query) {
    pg::OpenRelation const relation(view, AccessShareLock);
    auto *const stored = static_cast<Query *>(copyObjectImpl(get_view_query(relation.get())));
    auto *const padded = static_cast<Query *>(copyObjectImpl(query));
    while (list_length(padded->rtable) < list_length(stored->rtable)) {
        auto *const dummy = makeNode(RangeTblEntry);
        dummy->rtekind = RTE_RESULT;
        dummy->eref = makeAlias("*RESULT*", NIL);
        padded->rtable = lappend(padded->rtable, dummy);
    }
    return strcmp(pg_get_querydef(stored, false), pg_get_querydef(padded, false)) == 0;
}

} // namespace tviews::definition
