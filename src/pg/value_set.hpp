// pg/value_set.hpp - sets of keys and link values: tuples of datums as entries of a core::ValueLog.
//
// A single pass-by-value column that is not NULL is stored as a number, everything else as a byte string: per column a
// flag byte, then the datum's image without alignment and with every varlena detoasted. Two tuples with the same image
// are one entry; two that are only equal (1.0 and 1.00) are two.
#pragma once

#include "core/value_log.hpp"
#include "pg/memory.hpp"

namespace tviews::pg {

using ValueSet = core::ValueLog<ContextAllocator>;

// The types of such a tuple. Copyable; the columns live in the context current at construction.
class TupleFormat {
  public:
    struct Column {
        Oid type;
        int16 length;
        bool by_value;
        char alignment;
    };

    void add_column(Oid type);
    int count() const noexcept { return static_cast<int>(columns_.size()); }
    const Column &operator[](int index) const noexcept { return columns_[static_cast<std::size_t>(index)]; }

    // Adds a tuple; says whether it was not pending in the set. nulls may be nullptr.
    bool add(ValueSet &set, const Datum *values, const bool *nulls) const;
    // Unpacks an entry that is not "all". By-reference values are made in CurrentMemoryContext.
    void unpack(const ValueSet::View &view, Datum *values, bool *nulls) const;
    // One array per column of the entries [from, to), which must not contain "all". Made in CurrentMemoryContext.
    void arrays(const ValueSet &set, uint32 from, uint32 to, Datum *result) const;

  private:
    vector<Column> columns_;
};

} // namespace tviews::pg
