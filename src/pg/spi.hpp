// pg/spi.hpp - SQL from C++: one-off statements and saved plans.
//
// Identifiers enter SQL text only through pg/names.hpp, values only as parameters. Negative SPI results are raised
// here. Callers hold a SpiSession (pg/handles.hpp).
#pragma once

#include "pg/handles.hpp"
#include "pg/memory.hpp"

namespace tviews::pg {

// Runs a statement without parameters; returns the number of rows processed. Raises on anything SPI refuses.
uint64 spi_execute(const char *sql, bool read_only = false, int64 limit = 0);

// Receives the rows of a query one by one. The slot is valid during the call only.
class RowSink {
  public:
    virtual void row(TupleTableSlot *slot) = 0;

  protected:
    ~RowSink() = default;
};

// A prepared statement kept for the life of the session. PostgreSQL plans it again when something it depends on has
// changed. Lives wherever its owner lives; release() frees the plan.
class Plan {
  public:
    Plan() noexcept = default;
    // `sql` and `types` must outlive the Plan. `cursor_options`: CURSOR_OPT_GENERIC_PLAN, CURSOR_OPT_CUSTOM_PLAN or 0.
    Plan(const char *sql, const Oid *types, int count, int cursor_options) noexcept
        : sql_(sql), types_(types), count_(count), options_(cursor_options) {}

    bool defined() const noexcept { return sql_ != nullptr; }
    const char *sql() const noexcept { return sql_; }
    // Runs read-only under the active snapshot and hands every row to `sink`. nulls may be nullptr.
    void query(const Datum *values, const char *nulls, RowSink &sink);
    // How many rows the planner expects of a statement without parameters; negative when it does not say.
    double estimated_rows();
    void release() noexcept;

  private:
    void prepare();
    void run(const Datum *values, const char *nulls, RowSink &sink);

    const char *sql_ = nullptr;
    const Oid *types_ = nullptr;
    int count_ = 0;
    int options_ = 0;
    SPIPlanPtr plan_ = nullptr;
};

} // namespace tviews::pg
