// monitor/profile.cpp - pg_tviews_profile(): what a TVIEW is made of and what wears it down, with advice.
//
// One query over PostgreSQL's statistics and ours, as the user: sizes, widths and statistics are everybody's. Partitions
// are taken together.
#include "catalog/catalog.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

// %s is the extension's schema, three times. The columns are those of the function. Thresholds: few updates say nothing about the
// ratio, and autovacuum begins at a fifth of the rows.
constexpr const char *profile_sql = R"(
WITH tview AS (
    SELECT m.entity, m.table_oid FROM %s.pg_tview_meta m WHERE $1 IS NULL OR m.table_oid = $1
), part AS (
    SELECT t.table_oid, c.oid, c.reltuples, c.reltoastrelid
      FROM tview t
     CROSS JOIN LATERAL (SELECT t.table_oid::oid UNION SELECT p.relid::oid FROM pg_partition_tree(t.table_oid) p) s (oid)
      JOIN pg_class c ON c.oid = s.oid
     WHERE c.relkind = 'r'
), summed AS (
    SELECT table_oid,
           sum(CASE WHEN reltuples >= 0 THEN reltuples ELSE pg_stat_get_live_tuples(oid) END)::bigint AS row_count,
           sum(pg_total_relation_size(oid))::bigint AS total_bytes,
           sum(pg_table_size(oid))::bigint AS table_bytes,
           sum(CASE WHEN reltoastrelid <> 0 THEN pg_total_relation_size(reltoastrelid) ELSE 0 END)::bigint AS toast_bytes,
           sum(pg_indexes_size(oid))::bigint AS index_bytes,
           sum(pg_stat_get_tuples_updated(oid))::bigint AS updates,
           sum(pg_stat_get_tuples_hot_updated(oid))::bigint AS hot_updates,
           sum(pg_stat_get_dead_tuples(oid))::bigint AS dead_rows
      FROM part
     GROUP BY table_oid
), unused AS (
    SELECT part.table_oid, array_agg(i.indexrelid::regclass::text ORDER BY i.indexrelid) AS indexes
      FROM part
      JOIN pg_index i ON i.indrelid = part.oid AND NOT i.indisunique
     WHERE pg_stat_get_numscans(i.indexrelid) = 0
     GROUP BY part.table_oid
), profile AS (
    SELECT t.entity,
           t.table_oid,
           coalesce(s.row_count, 0) AS row_count,
           coalesce(s.total_bytes, 0) AS total_bytes,
           coalesce(s.table_bytes, 0) AS table_bytes,
           coalesce(s.toast_bytes, 0) AS toast_bytes,
           coalesce(s.index_bytes, 0) AS index_bytes,
           s.table_bytes::float8 / nullif(s.row_count, 0) AS bytes_per_row,
           coalesce(s.updates, 0) AS updates,
           s.hot_updates::float8 / nullif(s.updates, 0) AS hot_ratio,
           coalesce(s.dead_rows, 0) AS dead_rows,
           coalesce(u.indexes, '{}') AS unused_indexes,
           ARRAY(SELECT i.index_suggestion FROM %s.pg_tviews_suggest_indexes(t.table_oid::text) i) AS missing_indexes,
           c.keys_affected::float8 / nullif(c.flushes - c.full_refreshes, 0) AS fan_out
      FROM tview t
      LEFT JOIN summed s ON s.table_oid = t.table_oid
      LEFT JOIN unused u ON u.table_oid = t.table_oid
      LEFT JOIN %s.pg_tviews_stats c ON c.table_oid = t.table_oid
)
SELECT p.*,
       array_remove(ARRAY[
           CASE WHEN p.missing_indexes <> '{}' THEN
               'maintenance would use indexes that are missing' END,
           CASE WHEN p.updates >= 1000 AND p.hot_ratio < 0.5 THEN
               format('%%s %%%% of updates are HOT: indexes on columns that change, or pages without room (fillfactor)',
                      round(p.hot_ratio * 100)) END,
           CASE WHEN p.dead_rows >= 1000 AND p.dead_rows > p.row_count * 0.4 THEN
               'many dead rows: vacuum does not keep up, or an old transaction keeps it from removing them' END,
           CASE WHEN p.index_bytes > p.table_bytes AND p.index_bytes > 10000000 THEN
               'indexes are larger than the table' END], NULL) AS warnings
  FROM profile p
 ORDER BY p.total_bytes DESC, p.entity, p.table_oid)";

class Rows final : public pg::RowSink {
  public:
    explicit Rows(const ReturnSetInfo *result) : result_(result) {}
    void row(TupleTableSlot *slot) override { tuplestore_puttupleslot(result_->setResult, slot); }

  private:
    const ReturnSetInfo *result_;
};

} // namespace

} // namespace tviews::monitor

using namespace tviews;

// A row for the TVIEW, or (NULL) for each, the largest first.
TVIEWS_FUNCTION(pg_tviews_profile) {
    Datum table = 0;
    if (!PG_ARGISNULL(0))
        table = ObjectIdGetDatum(catalog::resolve(text_to_cstring(PG_GETARG_TEXT_PP(0)))->table);
    InitMaterializedSRF(fcinfo, 0);
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::SpiSession const spi;
    static constexpr Oid types[] = {OIDOID};
    const char *const schema = pg::quoted(get_namespace_name(catalog::extension_schema()));
    pg::Plan plan(psprintf(monitor::profile_sql, schema, schema, schema), types, 1, 0);
    monitor::Rows rows(reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo));
    plan.query(&table, PG_ARGISNULL(0) ? "n" : " ", rows);
    plan.release();
    PG_RETURN_NULL();
}
