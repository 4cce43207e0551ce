// pg/relations.cpp - see relations.hpp.
#include "pg/relations.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace tviews::pg {

Oid owner_of(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    Oid const owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

bool owned_by_user(Oid relation) {
    Oid const owner = owner_of(relation);
    return OidIsValid(owner) && has_privs_of_role(GetUserId(), owner);
}

Oid unlogged_part(Oid relation) {
    List *const members = find_all_inheritors(relation, NoLock, nullptr);
    for (int i = 0; i < list_length(members); i++)
        if (get_rel_persistence(list_nth_oid(members, i)) == RELPERSISTENCE_UNLOGGED)
            return list_nth_oid(members, i);
    return InvalidOid;
}

bool populated(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return true;
    bool const result = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relispopulated;
    ReleaseSysCache(tuple);
    return result;
}

List *parents_of(Oid relation, Snapshot snapshot) {
    List *result = NIL;
    Relation const inherits = table_open(InheritsRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
    SysScanDesc const scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, snapshot, 1, &key);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));)
        result = lappend_oid(result, reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent);
    systable_endscan(scan);
    table_close(inherits, AccessShareLock);
    return result;
}

List *parents_left_by(List *dropped) {
    List *parents = NIL;
    for (int i = 0; i < list_length(dropped); i++)
        parents = list_concat_unique_oid(parents, parents_of(list_nth_oid(dropped, i), GetActiveSnapshot()));
    return list_difference_oid(parents, dropped);
}

} // namespace tviews::pg
