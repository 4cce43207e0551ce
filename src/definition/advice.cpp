// definition/advice.cpp - see advice.hpp.
#include "definition/advice.hpp"

#include "pg/list.hpp"
#include "pg/names.hpp"

extern "C" {
#include "access/genam.h"
#include "catalog/pg_index.h"
#include "utils/relcache.h"
}

namespace tviews::definition {

namespace {

// Is there a usable index of the relation whose first column is `column`?
bool indexed(Oid relation, AttrNumber column) {
    Relation const table = table_open(relation, AccessShareLock);
    List *const indexes = RelationGetIndexList(table);
    bool found = false;
    pg::each_oid(indexes, [&](Oid index) {
        HeapTuple const tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
        if (!HeapTupleIsValid(tuple))
            return;
        auto *form = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
        if (form->indisvalid && form->indnkeyatts > 0 && form->indkey.values[0] == column &&
            heap_attisnull(tuple, Anum_pg_index_indpred, nullptr))
            found = true;
        ReleaseSysCache(tuple);
    });
    table_close(table, AccessShareLock);
    return found;
}

} // namespace

pg::vector<IndexAdvice> missing_indexes(const Shape &shape) {
    pg::vector<IndexAdvice> advice;
    for (const Edge *edge : shape.edges) {
        if (edge->direct_key || edge->equalities.empty() || !OidIsValid(edge->near_relation))
            continue;
        bool found = false;
        for (const Equality &equality : edge->equalities)
            found = found || indexed(edge->near_relation, equality.near_attno);
        if (found)
            continue;
        const char *const statement =
            psprintf("CREATE INDEX ON %s (%s);", pg::qualified_name(edge->near_relation),
                     pg::quoted(get_attname(edge->near_relation, edge->equalities[0].near_attno, false)));
        bool known = false;
        for (const IndexAdvice &item : advice)
            known = known || strcmp(item.statement, statement) == 0;
        if (!known)
            advice.push_back(IndexAdvice{
                statement,
                psprintf("changes to %s look for rows of %s by this column", edge->far_name, edge->near_name),
                edge->near_relation});
    }
    // An array or aggregate by a foreign key is recomputed by that key.
    for (const Source *source : shape.sources)
        if (source->route == Route::edge && source->toward->direct_key &&
            !indexed(source->relation, source->toward->link[0].attno)) {
            const char *const statement =
                psprintf("CREATE INDEX ON %s (%s);", pg::qualified_name(source->relation),
                         pg::quoted(get_attname(source->relation, source->toward->link[0].attno, false)));
            bool known = false;
            for (const IndexAdvice &item : advice)
                known = known || strcmp(item.statement, statement) == 0;
            if (!known)
                advice.push_back(IndexAdvice{
                    statement, psprintf("rows of %s are recomputed by this column", source->alias),
                    source->relation});
        }
    return advice;
}

} // namespace tviews::definition
