// definition/reads.cpp - see reads.hpp. Catalog look-ups only; results are in CurrentMemoryContext.
#include "definition/reads.hpp"

#include "pg/handles.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_policy.h"
#include "rewrite/rewriteHandler.h"
#include "utils/fmgroids.h"
#include "utils/rls.h"
}

namespace tviews::definition {

namespace {

bool known(const pg::vector<Read> &all, const Read &read) {
    for (const Read &other : all)
        if (other.relation == read.relation && other.reader == read.reader)
            return true;
    return false;
}

} // namespace

pg::vector<Read> reads(Oid view, Oid reader) {
    pg::vector<Read> all;
    all.push_back({view, reader});
    for (std::size_t i = 0; i < all.size(); i++) {
        Read const read = all[i];
        if (get_rel_relkind(read.relation) != RELKIND_VIEW)
            continue;
        pg::OpenRelation const opened(read.relation, AccessShareLock);
        Oid const inside = RelationHasSecurityInvoker(opened.get()) ? read.reader : opened->rd_rel->relowner;
        auto visit = [&](Node *node) {
            if (IsA(node, Query))
                for (RangeTblEntry *rte : pg::each<RangeTblEntry>(reinterpret_cast<Query *>(node)->rtable)) {
                    Read const found{rte->rtekind == RTE_RELATION ? rte->relid : InvalidOid, inside};
                    if (OidIsValid(found.relation) && found.relation != read.relation && !known(all, found))
                        all.push_back(found);
                }
            return false;
        };
        pg::walk(reinterpret_cast<Node *>(get_view_query(opened.get())), visit);
    }
    return all;
}

bool filtered(const Read &read) { return check_enable_rls(read.relation, read.reader, true) == RLS_ENABLED; }

bool has_row_security(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return false;
    bool const result = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relrowsecurity;
    ReleaseSysCache(tuple);
    return result;
}

bool has_policies(Oid relation) {
    if (!has_row_security(relation))
        return false;
    Relation const policies = table_open(PolicyRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc const scan =
        systable_beginscan(policies, PolicyPolrelidPolnameIndexId, true, nullptr, 1, &key);
    bool const found = HeapTupleIsValid(systable_getnext(scan));
    systable_endscan(scan);
    table_close(policies, AccessShareLock);
    return found;
}

} // namespace tviews::definition
