// capture/by_hand.cpp - pg_tviews_cascade(), _insert() and _delete(): queue a row as if a trigger had seen it change.
//
// For changes that no trigger saw, as after session_replication_role = replica. What the row looked like before such a
// change is not known: what it led to then is not found. When the row itself is gone, everything is refreshed.
#include "catalog/catalog.hpp"
#include "dependency/program.hpp"
#include "errors/errors.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "access/tableam.h"
#include "utils/acl.h"
}

namespace tviews::capture {

namespace {

enum class Change { arrival, departure };

// The primary key's column, which must be the only one and an integer.
AttrNumber key_column(Relation table) {
    Bitmapset *const key = RelationGetIndexAttrBitmap(table, INDEX_ATTR_BITMAP_PRIMARY_KEY);
    int column = 0;
    if (bms_get_singleton_member(key, &column)) {
        auto const attno = static_cast<AttrNumber>(column + FirstLowInvalidHeapAttributeNumber);
        Oid const type = getBaseType(get_atttype(RelationGetRelid(table), attno));
        if (type == INT2OID || type == INT4OID || type == INT8OID)
            return attno;
    }
    ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
            errmsg("table \"%s\" has no primary key of one integer column", RelationGetRelationName(table)),
            errhint("Use pg_tviews_refresh() for the TVIEWs that read it."));
    pg_unreachable();
}

// Where the row is: in the table, a partition or a child.
struct Place {
    Oid relation = InvalidOid;
    ItemPointerData tid;
};

Place find_row(Relation table, AttrNumber column, int64 value) {
    Place place;
    MemoryContext const context = CurrentMemoryContext;
    pg::SpiSession const spi;
    (void) pg::spi_execute(
        psprintf("SELECT tableoid, ctid FROM %s WHERE %s OPERATOR(pg_catalog.=) " INT64_FORMAT,
                 pg::qualified_name(RelationGetRelid(table)),
                 pg::quoted(get_attname(RelationGetRelid(table), column, false)), value),
        true, 1);
    pg::ScopedContext const scope(context);
    if (SPI_processed > 0) {
        bool is_null;
        HeapTuple const tuple = SPI_tuptable->vals[0];
        place.relation = DatumGetObjectId(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &is_null));
        place.tid = *reinterpret_cast<ItemPointer>(
            DatumGetPointer(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &is_null)));
    }
    return place;
}

Datum change(FunctionCallInfo fcinfo, Change what, AclMode privilege) {
    pg::require_argument(fcinfo, 0, "base_table_oid");
    pg::require_argument(fcinfo, 1, "pk_value");
    Oid const id = PG_GETARG_OID(0);
    if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(id)))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", id),
                errhint("Name the table: 'tb_post'::regclass."));
    // Who may change a row has the same effect on TVIEWs anyway.
    AclMode const needed = privilege | ACL_SELECT;
    if (pg_class_aclmask(id, GetUserId(), needed, ACLMASK_ALL) != needed)
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(id));
    if (catalog::dependents_of(id) == NIL)
        ereport(ERROR, errcode(errors::metadata_not_found),
                errmsg("no TVIEW reads relation \"%s\"", get_rel_name(id)),
                errhint("What TVIEWs read is listed in pg_tview_dependencies."));
    pg::OpenRelation const table(id, RowExclusiveLock);
    Place place = find_row(table.get(), key_column(table.get()), PG_GETARG_INT64(1));
    if (!OidIsValid(place.relation)) {
        queue::rows_came(id); // it may have gone, or be hidden from this user
        PG_RETURN_VOID();
    }
    pg::OpenRelation const member(place.relation, RowExclusiveLock);
    TupleTableSlot *const row = table_slot_create(member.get(), nullptr);
    if (table_tuple_fetch_row_version(member.get(), &place.tid, GetActiveSnapshot(), row))
        queue::record_change(member.get(), what == Change::departure ? row : nullptr,
                             what == Change::departure ? nullptr : row);
    ExecDropSingleTupleTableSlot(row);
    PG_RETURN_VOID();
}

} // namespace

} // namespace tviews::capture

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_cascade) { return capture::change(fcinfo, capture::Change::arrival, ACL_UPDATE); }

TVIEWS_FUNCTION(pg_tviews_insert) { return capture::change(fcinfo, capture::Change::arrival, ACL_INSERT); }

TVIEWS_FUNCTION(pg_tviews_delete) { return capture::change(fcinfo, capture::Change::departure, ACL_DELETE); }
