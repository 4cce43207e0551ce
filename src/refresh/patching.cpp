// refresh/patching.cpp - see patching.hpp.
//
// Why a patched row is what recomputing it would give. At the snapshot taken after the locks, what a TVIEW stores equals
// its definition but for the running transaction's own pending changes: others commit their changes together with the
// rows, and whoever could not find a row of ours holds a lock that we need, or waits for ours (ADR 2). If our own
// changes reach some leaves only (definition/layout.hpp), then the rows of the definition are the same ones, and all
// else in them is as it is stored. The leaves are computed by the definition's own expressions, over its own FROM
// clause, under the same snapshot, and copied as they are into the document; patch/ writes jsonb as PostgreSQL does.
//
// Not so where a transaction looks with its own older snapshot (REPEATABLE READ, in mid-transaction), nor at its commit
// after that: maintain() and the queue see to that. A document that does not look as the layout says, or is missing,
// is recomputed.
#include "refresh/patching.hpp"

#include "config/settings.hpp"
#include "core/strategy.hpp"
#include "patch/patch.hpp"
#include "refresh/recompute.hpp"
#include "refresh/stored.hpp"

namespace tviews::refresh {

namespace {

using definition::LayoutNode;
using definition::Leaves;

constinit uint64 patched = 0;

bool find_member(patch::Container object, const LayoutNode &member, uint32 *at) {
    patch::KeySearch search(object);
    if (!search.find({member.key, member.length}))
        return false;
    *at = search.index();
    return true;
}

// Puts the members of `fresh` that hold `leaves` into the object of `plan`. False when something is not as expected.
bool splice(patch::Patch &patch, patch::Plan *plan, patch::Container fresh, const LayoutNode &node,
            Leaves leaves) {
    for (const LayoutNode *member : node.members) {
        if ((member->leaves & leaves) == 0)
            continue;
        uint32 at;
        uint32 from;
        if (!find_member(plan->source, *member, &at) || !find_member(fresh, *member, &from))
            return false;
        patch::Value const value = fresh.value(from);
        if (member->is_leaf) {
            patch.replace(plan, at, value);
            continue;
        }
        if (!plan->source.value(at).is_object() || !value.is_object() ||
            !splice(patch, patch.descend(plan, at), patch::Container(value.bytes), *member, leaves))
            return false;
    }
    return true;
}

class PatchSink final : public pg::RowSink {
  public:
    PatchSink(const dependency::Compiled &tview, Leaves leaves, KeyIndex &index, Writer &writer,
              pg::ValueSet &left)
        : tview_(tview), layout_(*tview.shape->layout), leaves_(leaves), index_(index), writer_(writer),
          left_(left), unit_(tview.shape->unit.size()),
          context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews patch", ALLOCSET_DEFAULT_SIZES)) {
        const definition::Shape &shape = *tview.shape;
        for (int column : shape.unit)
            position_.push_back(static_cast<std::size_t>(
                std::find(shape.key.begin(), shape.key.end(), column) - shape.key.begin()));
    }

    // The key columns and the leaves.
    void row(TupleTableSlot *slot) override {
        slot_getallattrs(slot);
        std::size_t const columns = tview_.shape->key.size();
        for (std::size_t i = 0; i < columns; i++)
            if (slot->tts_isnull[i])
                return; // such a row has no identity
        TupleTableSlot *const stored = index_.find(slot->tts_values);
        if (stored != nullptr && !seen_.add(packed(&stored->tts_tid)))
            raise_duplicate_key(tview_, key_text(tview_, slot->tts_values, slot->tts_isnull));
        if (stored != nullptr && replace(stored, slot->tts_values[columns]))
            return;
        for (std::size_t i = 0; i < unit_.size(); i++)
            unit_[i] = slot->tts_values[position_[i]];
        (void) tview_.unit.add(left_, unit_.data(), nullptr);
    }

  private:
    bool replace(TupleTableSlot *stored, Datum fresh) {
        bool is_null;
        Datum const document = slot_getattr(stored, writer_.attribute(layout_.column), &is_null);
        if (is_null)
            return false;
        bool fits;
        {
            pg::ScopedContext const scope(context_);
            const Jsonb *const before = DatumGetJsonbP(document);
            const Jsonb *const leaves = DatumGetJsonbP(fresh);
            patch::Patch patch(before);
            fits = patch::Container(before).is_object() &&
                   splice(patch, patch.root(), patch::Container(leaves), *layout_.root, leaves_);
            const Jsonb *const after = fits ? patch.finish() : before;
            if (after != before) {
                writer_.replace(stored, layout_.column, JsonbPGetDatum(after));
                patched++;
            }
        }
        MemoryContextReset(context_);
        return fits;
    }

    const dependency::Compiled &tview_;
    const definition::Layout &layout_;
    Leaves leaves_;
    KeyIndex &index_;
    Writer &writer_;
    pg::ValueSet &left_;
    pg::vector<Datum> unit_;
    pg::vector<std::size_t> position_; // of the unit's columns in the key
    pg::ValueSet seen_;                // ctids
    MemoryContext context_;            // reset after each row
};

} // namespace

bool patch_documents(dependency::Compiled &tview, Leaves leaves, const pg::ValueSet &keys, Writer &writer,
                     pg::ValueSet &left) {
    const definition::Layout *const layout = tview.shape->layout;
    if (!config::enable_patch || layout == nullptr || leaves == 0 || leaves == layout->root->leaves)
        return false;
    // A row must be met once: a second pass would meet its own change.
    Queries const &plans = queries(tview);
    if (!plans.unit_is_key || !plans.image_equal)
        return false;
    KeyIndex index(tview, writer.table());
    PatchQueries *const patch = index.usable() ? patch_queries(tview, leaves) : nullptr;
    if (patch == nullptr)
        return false;
    PatchSink sink(tview, leaves, index, writer, left);
    auto const columns = static_cast<std::size_t>(tview.unit.count());
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
    core::Recompute const how =
        core::choose_recompute(false, keys.pending(), RelationGetForm(writer.table())->reltuples);
    if (how == core::Recompute::point || !plans.has_arrays) {
        auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
        for (uint32 i = keys.flushed(); i < keys.size(); i++) {
            tview.unit.unpack(keys[i], values, nulls);
            patch->point.query(values, nullptr, sink);
        }
        return true;
    }
    tview.unit.arrays(keys, keys.flushed(), keys.size(), values);
    (how == core::Recompute::nested ? patch->nested : patch->bulk).query(values, nullptr, sink);
    return true;
}

uint64 patched_documents() noexcept { return patched; }

} // namespace tviews::refresh
