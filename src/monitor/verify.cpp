// monitor/verify.cpp - pg_tviews_verify(): is tv_x what v_x says?
//
// Both sides are joined on the key with its own equality and compared by record image, so that 1.0 and 1.00 differ. A key
// that the definition returns more than once is missing as often as it comes too many, equal rows or not.
// Runs as the TVIEW's owner with the rendering settings recorded at its creation, after a flush, under one snapshot.
#include "catalog/catalog.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"
#include "refresh/refresh.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

// Deviating rows quoted in the sample.
constexpr int sample_size = 5;

// Comma-separated `side`.column for every column of the view (the table may have more).
const char *column_list(Oid view, const char *side) {
    StringInfoData list;
    initStringInfo(&list);
    pg::OpenRelation const relation(view, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(relation.get());
    for (int i = 0; i < descriptor->natts; i++)
        if (!TupleDescAttr(descriptor, i)->attisdropped)
            appendStringInfo(&list, "%s%s.%s", list.len > 0 ? ", " : "", side,
                             pg::quoted(NameStr(TupleDescAttr(descriptor, i)->attname)));
    return list.data;
}

struct KeySql {
    const char *join;     // v.k = t.k AND ...
    const char *not_null; // k IS NOT NULL AND ...
    const char *object;   // 'k', coalesce(v.k, t.k), ... for jsonb_build_object
    const char *columns;  // k, ...
    const char *of_group; // 'k', k, ... for jsonb_build_object
};

KeySql key_sql(const catalog::Tview &tview) {
    StringInfoData join, not_null, object, columns, of_group;
    initStringInfo(&columns);
    initStringInfo(&of_group);
    initStringInfo(&join);
    initStringInfo(&not_null);
    initStringInfo(&object);
    for (const char *column : pg::each<const char>(tview.key_columns)) {
        const char *const name = pg::quoted(column);
        Oid const type = getBaseType(get_atttype(tview.table, get_attnum(tview.table, column)));
        appendStringInfo(&join, "%sv.%s %s t.%s", join.len > 0 ? " AND " : "", name,
                         pg::equality_operator(type), name);
        appendStringInfo(&not_null, "%s%s IS NOT NULL", not_null.len > 0 ? " AND " : "", name);
        appendStringInfo(&object, "%s%s, coalesce(v.%s, t.%s)", object.len > 0 ? ", " : "",
                         pg::literal(column), name, name);
        appendStringInfo(&columns, "%s%s", columns.len > 0 ? ", " : "", name);
        appendStringInfo(&of_group, "%s%s, %s", of_group.len > 0 ? ", " : "", pg::literal(column), name);
    }
    return {join.data, not_null.data, object.data, columns.data, of_group.data};
}

const char *verify_sql(const catalog::Tview &tview) {
    KeySql const key = key_sql(tview);
    return psprintf(
        "WITH v AS MATERIALIZED (SELECT *, true AS \"?present\" FROM %s WHERE %s), "
        "t AS (SELECT *, true AS \"?present\" FROM %s), "
        "d AS (SELECT CASE WHEN t.\"?present\" IS NULL THEN 'missing' WHEN v.\"?present\" IS NULL THEN "
        "'extra' "
        "ELSE 'different' END AS kind, jsonb_build_object(%s) AS key "
        "FROM v FULL JOIN t ON %s "
        "WHERE v.\"?present\" IS NULL OR t.\"?present\" IS NULL OR ROW(%s)::record *<> ROW(%s)::record "
        "UNION ALL SELECT 'missing', g.key FROM (SELECT jsonb_build_object(%s) AS key, count(*) AS rows FROM "
        "v "
        "GROUP BY %s HAVING count(*) > 1) g, generate_series(2, g.rows)), "
        "s AS (SELECT kind, key FROM d ORDER BY kind, key LIMIT %d) "
        "SELECT count(*) FILTER (WHERE kind = 'missing'), count(*) FILTER (WHERE kind = 'extra'), "
        "count(*) FILTER (WHERE kind = 'different'), "
        "(SELECT jsonb_agg(jsonb_build_object('kind', kind, 'key', key) ORDER BY kind, key) FROM s) FROM d",
        pg::qualified_name(tview.view), key.not_null, pg::qualified_name(tview.table), key.object, key.join,
        column_list(tview.view, "v"), column_list(tview.view, "t"), key.of_group, key.columns, sample_size);
}

// Keeps the one row of the verification query.
class Result final : public pg::RowSink {
  public:
    explicit Result(MemoryContext context) : context_(context) {}
    void row(TupleTableSlot *slot) override {
        pg::ScopedContext const scope(context_);
        slot_getallattrs(slot);
        for (int i = 0; i < 3; i++)
            counts[i] = slot->tts_values[i];
        has_sample = !slot->tts_isnull[3];
        if (has_sample)
            sample = PointerGetDatum(PG_DETOAST_DATUM_COPY(slot->tts_values[3]));
    }
    Datum counts[3] = {};
    Datum sample = 0;
    bool has_sample = false;

  private:
    MemoryContext context_;
};

void verify(const catalog::Tview &tview, ReturnSetInfo *result) {
    AclResult const allowed = pg_class_aclcheck(tview.table, GetUserId(), ACL_SELECT);
    if (allowed != ACLCHECK_OK)
        aclcheck_error(allowed, OBJECT_TABLE, tview.name);
    refresh::require_columns(tview.table);
    Result answer(CurrentMemoryContext);
    {
        pg::SecurityScope const role(tview.owner,
                                     SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
        pg::GucScope const guc;
        pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
        pg::GucScope::set_local("row_security", "off");
        for (const catalog::Setting &setting : tview.settings)
            pg::GucScope::set_local(setting.name, setting.value);
        pg::PushedSnapshot const snapshot(GetTransactionSnapshot());
        pg::SpiSession const spi;
        pg::Plan plan(verify_sql(tview), nullptr, 0, 0);
        plan.query(nullptr, nullptr, answer);
        plan.release();
    }
    Datum values[] = {CStringGetTextDatum(tview.entity), answer.counts[0], answer.counts[1], answer.counts[2],
                      answer.sample};
    bool nulls[] = {false, false, false, false, !answer.has_sample};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

// Without an argument: every TVIEW that the user may read.
TVIEWS_FUNCTION(pg_tviews_verify) {
    List *tviews_to_check = NIL;
    if (!PG_ARGISNULL(0))
        tviews_to_check =
            list_make1(const_cast<catalog::Tview *>(catalog::resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)))));
    else
        for (catalog::Tview *tview : pg::each<catalog::Tview>(catalog::all()))
            if (pg_class_aclcheck(tview->table, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
                tviews_to_check = lappend(tviews_to_check, tview);
    (void) queue::flush_all();
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const catalog::Tview *tview : pg::each<const catalog::Tview>(tviews_to_check))
        monitor::verify(*tview, result);
    PG_RETURN_NULL();
}
