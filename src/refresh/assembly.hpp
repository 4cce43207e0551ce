// refresh/assembly.hpp - private to refresh/: rows of a definition from rows found by unique keys, without a query
// (definition/assembly.cpp says when).
#pragma once

#include "dependency/dependency.hpp"
#include "refresh/row_index.hpp"

namespace tviews::refresh {

struct AssemblyState;
struct LookUpState;

// Reads with the snapshot that is active at the first call, as the query would, as the TVIEW's owner and with his rights.
class Assembler {
  public:
    // Needs an Environment, as long as it lives.
    explicit Assembler(dependency::Compiled &tview);
    Assembler(const Assembler &) = delete;
    Assembler &operator=(const Assembler &) = delete;

    // False when rows have to be asked for, which may turn out at any row().
    bool usable() const noexcept { return state_ != nullptr; }
    // The definition's row with this key, which is by position in the unit, or nullptr. Valid until the next call, and if
    // this is usable() afterwards.
    TupleTableSlot *row(const Datum *unit);

  private:
    // The rows of one look-up. Documents that follow each other often share one.
    struct Source {
        Source(const LookUpState &own, Oid owner);
        const LookUpState &state;
        BaseRows rows;
        MemoryContext context; // of last_key; reset with it
        pg::vector<Datum> key;
        pg::vector<Datum> last_key;
        bool known = false; // is `last` what last_key finds?
        TupleTableSlot *last = nullptr;
    };
    Source *source(std::size_t number);
    bool key_of(Source &source, const Datum *unit);
    TupleTableSlot *look_up(Source &source);
    bool join(Source &source, const Datum *unit);

    dependency::Compiled &tview_;
    AssemblyState *state_ = nullptr;
    MemoryContext context_ = CurrentMemoryContext;
    pg::vector<std::optional<Source>> sources_; // by look-up, as they are needed
    pg::vector<int> unit_; // by column of the first look-up's index: position in the unit
};

} // namespace tviews::refresh
