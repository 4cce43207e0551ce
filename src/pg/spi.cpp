// pg/spi.cpp - see spi.hpp.
#include "pg/spi.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "tcop/dest.h"
#include "utils/plancache.h"
}

namespace tviews::pg {

uint64 spi_execute(const char *sql, bool read_only, int64 limit) {
    ScopedContext const caller(CurrentMemoryContext); // SPI comes back in a context of its own
    int const result = SPI_execute(sql, read_only, limit);
    if (result < 0)
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("statement failed: %s", SPI_result_code_string(result)), errdetail("%s", sql));
    return SPI_processed;
}

namespace {

struct SinkReceiver {
    DestReceiver pub;
    RowSink *sink;
};

bool receive(TupleTableSlot *slot, DestReceiver *self) {
    return boundary([&] {
        reinterpret_cast<SinkReceiver *>(self)->sink->row(slot);
        return true;
    });
}
void startup(DestReceiver *, int, TupleDesc) noexcept {}
void shutdown(DestReceiver *) noexcept {}
void destroy(DestReceiver *) noexcept {}

} // namespace

void Plan::prepare() {
    SPIPlanPtr const fresh = SPI_prepare_cursor(sql_, count_, const_cast<Oid *>(types_), options_);
    if (fresh == nullptr)
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("could not prepare a maintenance query: %s", SPI_result_code_string(SPI_result)),
                errdetail("%s", sql_));
    SPI_keepplan(fresh);
    plan_ = fresh;
}

double Plan::estimated_rows() {
    ScopedContext const caller(CurrentMemoryContext);
    if (plan_ != nullptr && !SPI_plan_is_valid(plan_))
        release();
    if (plan_ == nullptr)
        prepare();
    CachedPlan *const cached = SPI_plan_get_cached_plan(plan_);
    if (cached == nullptr)
        return -1;
    double rows = -1;
    if (list_length(cached->stmt_list) == 1) {
        auto const *const statement = linitial_node(PlannedStmt, cached->stmt_list);
        rows = statement->planTree != nullptr ? statement->planTree->plan_rows : -1;
    }
    ReleaseCachedPlan(cached, CurrentResourceOwner);
    return rows;
}

void Plan::query(const Datum *values, const char *nulls, RowSink &sink) {
    ScopedContext const caller(CurrentMemoryContext); // SPI comes back in a context of its own
    if (plan_ != nullptr && !SPI_plan_is_valid(plan_))
        release();
    if (plan_ == nullptr) {
        // Point plans are used for a few keys: a plan made while a table was small must not scan it later.
        GucScope guc;
        GucScope::set_local("jit", "off");
        if (options_ & CURSOR_OPT_GENERIC_PLAN)
            GucScope::set_local("enable_seqscan", "off");
        prepare();
        run(values, nulls, sink); // plans inside the scope
        return;
    }
    run(values, nulls, sink);
}

void Plan::run(const Datum *values, const char *nulls, RowSink &sink) {
    SinkReceiver receiver{};
    receiver.pub.receiveSlot = receive;
    receiver.pub.rStartup = startup;
    receiver.pub.rShutdown = shutdown;
    receiver.pub.rDestroy = destroy;
    receiver.pub.mydest = DestNone;
    receiver.sink = &sink;

    SPIExecuteOptions options = {};
    ParamListInfo params = nullptr;
    if (count_ > 0) {
        params = makeParamList(count_);
        for (int i = 0; i < count_; i++) {
            params->params[i].value = values[i];
            params->params[i].isnull = nulls != nullptr && nulls[i] == 'n';
            params->params[i].pflags = PARAM_FLAG_CONST;
            params->params[i].ptype = types_[i];
        }
    }
    options.params = params;
    options.read_only = true;
    options.dest = &receiver.pub;
    int const result = SPI_execute_plan_extended(plan_, &options);
    if (result < 0)
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("maintenance query failed: %s", SPI_result_code_string(result)),
                errdetail("%s", sql_));
}

void Plan::release() noexcept {
    if (plan_ != nullptr)
        SPI_freeplan(plan_);
    plan_ = nullptr;
}

} // namespace tviews::pg
