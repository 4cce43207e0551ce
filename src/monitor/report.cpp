// monitor/report.cpp - pg_tviews_flush_and_report(): which documents this transaction has changed, as JSON.
//
// Rows are read as the user: what he may not see is left out, because a row that a policy hides looks like a deleted one.
#include "catalog/catalog.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"
#include "queue/written.hpp"

extern "C" {
#include "utils/acl.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/rls.h"
}

namespace tviews::monitor {

namespace {

const char *json_text(Datum jsonb) { return DatumGetCString(DirectFunctionCall1(jsonb_out, jsonb)); }

// One row: id, data, whether the row is there.
class Document final : public pg::RowSink {
  public:
    explicit Document(MemoryContext context) : context_(context) {}
    void row(TupleTableSlot *slot) override {
        pg::ScopedContext const scope(context_);
        slot_getallattrs(slot);
        id = slot->tts_isnull[0] ? "null" : json_text(slot->tts_values[0]);
        data = slot->tts_isnull[1] ? "null" : json_text(slot->tts_values[1]);
        exists = DatumGetBool(slot->tts_values[2]);
    }
    const char *id = "null";
    const char *data = "null";
    bool exists = false;

  private:
    MemoryContext context_;
};

class Report {
  public:
    Report(int64 limit, bool include_data) : limit_(limit), include_data_(include_data) {
        initStringInfo(&updated_);
        initStringInfo(&deleted_);
    }

    void add(const queue::WrittenRows &table, const catalog::Tview &tview) {
        truncated_ = truncated_ || table.incomplete;
        bool const hidden = check_enable_rls(table.table, InvalidOid, true) == RLS_ENABLED;
        pg::vector<Oid> types;
        const char *const sql = document_sql(table, types);
        pg::Plan plan(sql, types.data(), static_cast<int>(types.size()), 0);
        for (const queue::WrittenRow &row : table.rows) {
            if (count_ >= limit_) {
                truncated_ = true;
                break;
            }
            pg::vector<Datum> values(row.key);
            pg::vector<char> nulls(values.size() + 2, ' ');
            if (table.has_id) {
                values.push_back(row.id);
                nulls[values.size() - 1] = row.id_is_null ? 'n' : ' ';
            }
            Document document(CurrentMemoryContext);
            plan.query(values.data(), nulls.data(), document);
            if (document.exists)
                put_updated(tview, row, document);
            else if (row.existed && !hidden)
                put_deleted(tview, document);
        }
        plan.release();
    }

    const char *text() const {
        return psprintf("{\"updated\":[%s],\"deleted\":[%s],\"truncated\":%s}", updated_.data, deleted_.data,
                        truncated_ ? "true" : "false");
    }

  private:
    // Parameters: the key, and the id where there is one.
    const char *document_sql(const queue::WrittenRows &table, pg::vector<Oid> &types) const {
        StringInfoData join, key;
        initStringInfo(&join);
        initStringInfo(&key);
        for (AttrNumber column : table.key) {
            Oid const type = get_atttype(table.table, column);
            types.push_back(type);
            appendStringInfo(&join, "%st.%s %s $%zu", join.len > 0 ? " AND " : "",
                             pg::quoted(get_attname(table.table, column, false)),
                             pg::equality_operator(getBaseType(type)), types.size());
            appendStringInfo(&key, "%s$%zu", key.len > 0 ? ", " : "", types.size());
        }
        const char *id = table.key.size() == 1 ? psprintf("pg_catalog.to_jsonb(%s)", key.data)
                                               : psprintf("pg_catalog.jsonb_build_array(%s)", key.data);
        if (table.has_id) {
            types.push_back(get_atttype(table.table, get_attnum(table.table, "id")));
            id = psprintf("coalesce(pg_catalog.to_jsonb(t.id), pg_catalog.to_jsonb($%zu))", types.size());
        }
        const char *data = "NULL::pg_catalog.jsonb";
        if (include_data_)
            data = get_attnum(table.table, "data") != InvalidAttrNumber ? "pg_catalog.to_jsonb(t.data)"
                                                                        : "pg_catalog.to_jsonb(t)";
        return psprintf("SELECT %s, %s, t.%s IS NOT NULL FROM (VALUES (1)) AS one LEFT JOIN %s%s AS t ON %s",
                        id, data, pg::quoted(get_attname(table.table, table.key[0], false)),
                        get_rel_relkind(table.table) == RELKIND_PARTITIONED_TABLE ? "" : "ONLY ",
                        pg::qualified_name(table.table), join.data);
    }

    void put_updated(const catalog::Tview &tview, const queue::WrittenRow &row, const Document &document) {
        begin(updated_, tview, document);
        appendStringInfo(&updated_, ",\"operation\":\"%s\"", row.existed ? "UPDATE" : "INSERT");
        if (include_data_)
            appendStringInfo(&updated_, ",\"data\":%s", document.data);
        appendStringInfoChar(&updated_, '}');
    }

    void put_deleted(const catalog::Tview &tview, const Document &document) {
        begin(deleted_, tview, document);
        appendStringInfoChar(&deleted_, '}');
    }

    void begin(StringInfoData &list, const catalog::Tview &tview, const Document &document) {
        count_++;
        appendStringInfoString(&list, list.len > 0 ? ",{\"entity\":" : "{\"entity\":");
        escape_json(&list, tview.entity);
        appendStringInfo(&list, ",\"id\":%s", document.id);
    }

    int64 limit_;
    bool include_data_;
    int64 count_ = 0;
    bool truncated_ = false;
    StringInfoData updated_;
    StringInfoData deleted_;
};

} // namespace

} // namespace tviews::monitor

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_flush_and_report) {
    pg::require_argument(fcinfo, 0, "max_entities");
    int32 const limit = PG_GETARG_INT32(0);
    if (limit < 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("max_entities must not be negative"),
                errhint("It is how many rows are reported at most; 0 tells whether there are any."));
    (void) queue::flush_all();
    monitor::Report report(limit, PG_ARGISNULL(1) || PG_GETARG_BOOL(1));
    {
        MemoryContext const context = CurrentMemoryContext;
        pg::PushedSnapshot const snapshot(GetTransactionSnapshot());
        pg::SpiSession const spi;
        pg::ScopedContext const scope(context);
        for (const queue::WrittenRows &table : queue::written_rows()) {
            const catalog::Tview *const tview = catalog::find_by_table(table.table);
            if (tview != nullptr && pg_class_aclcheck(table.table, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
                report.add(table, *tview);
        }
    }
    PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(report.text())));
}
