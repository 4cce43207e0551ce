// refresh/walk.cpp - see walk.hpp. A few values: one prepared point query each, with a generic plan, because an array
// parameter makes the planner guess ten rows and hash whole tables. Many: one query planned for the real arrays.
#include "refresh/walk.hpp"

#include "core/strategy.hpp"

namespace tviews::refresh {

namespace {

class Collector final : public pg::RowSink {
  public:
    Collector(const pg::TupleFormat &format, const pg::vector<bool> &strict, pg::ValueSet &to)
        : format_(format), strict_(strict), to_(to) {}

    void row(TupleTableSlot *slot) override {
        slot_getsomeattrs(slot, format_.count());
        // What an equality compares with NULL leads nowhere; a key with a NULL has no row.
        for (int i = 0; i < format_.count(); i++)
            if (slot->tts_isnull[i] && strict_[static_cast<std::size_t>(i)])
                return;
        (void) format_.add(to_, slot->tts_values, slot->tts_isnull);
    }

  private:
    const pg::TupleFormat &format_;
    const pg::vector<bool> &strict_;
    pg::ValueSet &to_;
};

pg::vector<bool> strict_columns(const dependency::Compiled &tview, const definition::Edge *next) {
    if (next == nullptr)
        return pg::vector<bool>(static_cast<std::size_t>(tview.unit.count()), true);
    pg::vector<bool> strict(next->link.size(), next->direct_key);
    for (const definition::Equality &equality : next->equalities)
        strict[static_cast<std::size_t>(equality.link)] = true;
    return strict;
}

} // namespace

void walk(dependency::Compiled &tview, dependency::CompiledEdge &edge, const pg::ValueSet &from,
          pg::ValueSet &to) {
    const definition::Edge *const next = edge.edge->next;
    pg::vector<bool> const strict = strict_columns(tview, next);
    pg::TupleFormat const &format =
        next != nullptr ? tview.edges[static_cast<std::size_t>(next->id)]->format : tview.unit;
    Collector collector(format, strict, to);

    auto const columns = static_cast<std::size_t>(edge.format.count());
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
    if (core::walk_by_point(from.pending(), edge.edge->point_only || !edge.set.defined())) {
        auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
        auto *const flags = static_cast<char *>(palloc0(columns + 1));
        for (uint32 i = from.flushed(); i < from.size(); i++) {
            edge.format.unpack(from[i], values, nulls);
            for (std::size_t c = 0; c < columns; c++)
                flags[c] = nulls[c] ? 'n' : ' ';
            edge.point.query(values, flags, collector);
        }
    } else {
        edge.format.arrays(from, from.flushed(), from.size(), values);
        edge.set.query(values, nullptr, collector);
    }
}

} // namespace tviews::refresh
