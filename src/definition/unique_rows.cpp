// definition/unique_rows.cpp - see unique_rows.hpp.
#include "definition/unique_rows.hpp"

#include "pg/list.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_am_d.h"
}

namespace tviews::definition {

namespace {

// Does the index column compare with the value as the definition does?
bool compares_alike(Relation index, int at, const KnownColumn &known) {
    return !OidIsValid(known.equality) ||
           (get_op_opfamily_strategy(known.equality, index->rd_opfamily[at]) == BTEqualStrategyNumber &&
            (!OidIsValid(index->rd_indcollation[at]) || index->rd_indcollation[at] == known.collation));
}

bool covered(Relation index, const pg::vector<KnownColumn> &known, pg::vector<Identity> &result) {
    Form_pg_index const form = index->rd_index;
    result.clear();
    if (!form->indisunique || !form->indimmediate || !form->indisvalid || !form->indislive ||
        index->rd_rel->relam != BTREE_AM_OID || RelationGetIndexPredicate(index) != NIL ||
        RelationGetIndexExpressions(index) != NIL)
        return false;
    for (int i = 0; i < form->indnkeyatts; i++) {
        auto const before = result.size();
        for (const KnownColumn &one : known) {
            if (result.size() > before || one.attno != form->indkey.values[i] ||
                !compares_alike(index, i, one))
                continue;
            Oid const type = getBaseType(one.type);
            Identity identity{one.value, one.attno, pg::index_equality(index, i, type), 0, false};
            get_typlenbyval(type, &identity.length, &identity.by_value);
            if (OidIsValid(identity.equality.procedure))
                result.push_back(identity);
        }
        if (result.size() == before)
            return false;
    }
    return true;
}

} // namespace

Oid find_unique_index(Oid relation, const pg::vector<KnownColumn> &known, pg::vector<Identity> &identity) {
    Oid result = InvalidOid;
    Relation const table = table_open(relation, AccessShareLock);
    bool const alone = table->rd_rel->relkind == RELKIND_RELATION && !table->rd_rel->relhassubclass;
    List *const indexes = alone ? RelationGetIndexList(table) : NIL;
    pg::each_oid(indexes, [&](Oid oid) {
        if (OidIsValid(result))
            return;
        Relation const index = index_open(oid, AccessShareLock);
        if (covered(index, known, identity))
            result = oid;
        index_close(index, AccessShareLock);
    });
    table_close(table, NoLock);
    return result;
}

} // namespace tviews::definition
