// refresh/patching.cpp - see patching.hpp.
//
// Why a patched row is what recomputing it would give. At the snapshot taken after the locks, what a TVIEW stores equals
// its definition but for the running transaction's own pending changes: others commit their changes together with the
// rows, and whoever could not find a row of ours holds a lock that we need, or waits for ours (ADR 2). If our own
// changes reach some leaves only (definition/layout.hpp), then the rows of the definition are the same ones, and all
// else in them is as it is stored. The leaves are computed by the definition's own expressions, over its own FROM
// clause, under the same snapshot, and copied as they are into the document; patch/ writes jsonb as PostgreSQL does.
//
// Leaves that are own to a source need no query: the row that they are computed from is looked up (own_rows.cpp), once for
// all documents that follow each other and share it.
//
// Not so where a transaction looks with its own older snapshot (REPEATABLE READ, in mid-transaction), nor at its commit
// after that: maintain() and the queue see to that. A document that does not look as the layout says, or is missing,
// is recomputed.
#include "refresh/patching.hpp"

#include "config/settings.hpp"
#include "patch/patch.hpp"
#include "refresh/own_rows.hpp"
#include "refresh/recompute.hpp"
#include "refresh/stored.hpp"

extern "C" {
#include "access/detoast.h"
}

namespace tviews::refresh {

namespace {

using definition::LayoutNode;
using definition::Leaves;
using definition::Part;

constinit uint64 patched = 0;

bool find_member(patch::Container object, const LayoutNode &member, uint32 *at) {
    patch::KeySearch search(object);
    if (!search.find({member.key, member.length}))
        return false;
    *at = search.index();
    return true;
}

// Puts what has been computed for `part` into a document.
class Splice {
  public:
    Splice(patch::Patch &patch, const definition::Layout &layout, const Part &part)
        : patch_(patch), layout_(layout), part_(part) {}

    // False when something is not as expected.
    bool object(patch::Plan *plan, patch::Container fresh, const LayoutNode &node) {
        for (const LayoutNode *member : node.members) {
            if ((member->leaves & part_.leaves) == 0)
                continue;
            uint32 at;
            uint32 from;
            if (!find_member(plan->source, *member, &at) || !find_member(fresh, *member, &from))
                return false;
            patch::Value const value = fresh.value(from);
            if (member->is_leaf && (member->leaves & part_.elements) == 0) {
                patch_.replace(plan, at, value);
                continue;
            }
            patch::Value const stored = plan->source.value(at);
            if (!stored.is_container() || stored.is_object() == member->is_leaf || !value.is_container())
                return false;
            patch::Plan *const inside = patch_.descend(plan, at);
            patch::Container const part(value.bytes);
            if (!(member->is_leaf ? elements(inside, part, member->leaves)
                                  : part.is_object() && object(inside, part, *member)))
                return false;
        }
        return true;
    }

  private:
    // `fresh`: [elements, ids in order or null, changed ids]
    bool elements(patch::Plan *plan, patch::Container fresh, Leaves leaf) {
        const definition::ArrayLeaf *array = nullptr;
        for (const definition::ArrayLeaf &candidate : layout_.arrays)
            if (leaf == Leaves(1) << candidate.leaf)
                array = &candidate;
        if (array == nullptr || fresh.count() != 3)
            return false;
        auto as_array = [&](uint32 index) { // null: no rows
            patch::Value const value = fresh.child(index);
            return patch::Container((value.is_array() ? value : patch::empty_container(JB_FARRAY)).bytes);
        };
        patch::Container const order = as_array(1);
        return patch::renew_elements(patch_, plan, {array->key, array->length}, as_array(2), as_array(0),
                                     part_.order ? &order : nullptr);
    }

    patch::Patch &patch_;
    const definition::Layout &layout_;
    const Part &part_;
};

bool same_bytes(const Jsonb *a, const Jsonb *b) noexcept {
    return a == b || (VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0);
}

// Writes the documents of one flush.
class Patcher {
  public:
    Patcher(const dependency::Compiled &tview, Writer &writer)
        : layout_(*tview.shape->layout), writer_(writer),
          context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews patch", ALLOCSET_DEFAULT_SIZES)) {}

    // Puts what each(put) hands over as put(part, document of the part) into a stored row's document. False, and nothing
    // done, if something is not as expected, or if each() says so.
    template <typename F> bool patch(TupleTableSlot *stored, F &&each) {
        bool is_null;
        Datum const document = slot_getattr(stored, writer_.attribute(stored, layout_.column), &is_null);
        if (is_null)
            return false;
        bool fits;
        {
            pg::ScopedContext const scope(context_);
            const Jsonb *const before = DatumGetJsonbP(document);
            const Jsonb *after = before;
            auto put = [&](const Part &part, const Jsonb *fresh) {
                patch::Patch patch(after);
                if (!patch::Container(after).is_object() ||
                    !Splice(patch, layout_, part)
                         .object(patch.root(), patch::Container(fresh), *layout_.root))
                    return false;
                after = patch.finish();
                return true;
            };
            fits = each(put);
            if (fits && same_bytes(after, before)) {
                writer_.unchanged();
            } else if (fits) {
                writer_.replace(stored, layout_.column, JsonbPGetDatum(after));
                patched++;
            }
        }
        MemoryContextReset(context_);
        return fits;
    }

  private:
    const definition::Layout &layout_;
    Writer &writer_;
    MemoryContext context_; // reset after each row
};

// The rows of a PatchQueries: the key columns and the part.
class PatchSink final : public pg::RowSink {
  public:
    PatchSink(const dependency::Compiled &tview, KeyIndex &index, Writer &writer, pg::ValueSet &left)
        : tview_(tview), index_(index), patcher_(tview, writer), left_(left),
          unit_(tview.shape->unit.size()) {
        const definition::Shape &shape = *tview.shape;
        for (int column : shape.unit)
            position_.push_back(static_cast<std::size_t>(
                std::find(shape.key.begin(), shape.key.end(), column) - shape.key.begin()));
    }

    // What the rows from now on hold.
    void begin(const Part &part) { part_ = part; }

    void row(TupleTableSlot *slot) override {
        slot_getallattrs(slot);
        std::size_t const columns = tview_.shape->key.size();
        for (std::size_t i = 0; i < columns; i++)
            if (slot->tts_isnull[i])
                return; // such a row has no identity
        TupleTableSlot *const stored = index_.find(slot->tts_values);
        if (stored != nullptr && !seen_.add(index_.place(stored)))
            raise_duplicate_key(tview_, key_text(tview_, slot->tts_values, slot->tts_isnull));
        Datum const fresh = slot->tts_values[columns];
        if (stored != nullptr &&
            patcher_.patch(stored, [&](auto &&put) { return put(part_, DatumGetJsonbP(fresh)); }))
            return;
        for (std::size_t i = 0; i < unit_.size(); i++)
            unit_[i] = slot->tts_values[position_[i]];
        (void) tview_.unit.add(left_, unit_.data(), nullptr);
    }

  private:
    const dependency::Compiled &tview_;
    Part part_{};
    KeyIndex &index_;
    Patcher patcher_;
    pg::ValueSet &left_;
    pg::vector<Datum> unit_;
    pg::vector<std::size_t> position_; // of the unit's columns in the key
    pg::ValueSet seen_;                // places
};

// Looks up the stored row of a unit that is a key.
class Units {
  public:
    Units(const dependency::Compiled &tview, KeyIndex &index)
        : tview_(tview), index_(index), key_(tview.shape->key.size()),
          nulls_(static_cast<bool *>(palloc0(key_.size() + 1))), values_(key_.size()) {}

    TupleTableSlot *find(const pg::ValueSet::View &unit) {
        tview_.unit.unpack(unit, values_.data(), nulls_);
        return find(values_.data());
    }
    TupleTableSlot *find(const Datum *unit) {
        const definition::Shape &shape = *tview_.shape;
        for (std::size_t i = 0; i < key_.size(); i++)
            key_[i] =
                unit[std::find(shape.unit.begin(), shape.unit.end(), shape.key[i]) - shape.unit.begin()];
        return index_.find(key_.data());
    }

  private:
    const dependency::Compiled &tview_;
    KeyIndex &index_;
    pg::vector<Datum> key_;
    bool *nulls_;
    pg::vector<Datum> values_;
};

// Do many documents share the rows that they are computed from?
bool shared(const pg::vector<OwnLeaves *> &parts) noexcept {
    return std::none_of(parts.begin(), parts.end(), [](const OwnLeaves *part) { return part->by_key; });
}

// False, and nothing done, if a base table has to be left to a query.
bool patch_from_own_rows(dependency::Compiled &tview, const pg::vector<OwnLeaves *> &parts,
                         const pg::ValueSet &keys, KeyIndex &index, Writer &writer, pg::ValueSet &left) {
    std::optional<OwnRows> sources[max_own_parts];
    bool usable = true;
    for (std::size_t i = 0; i < parts.size(); i++)
        usable = usable && sources[i].emplace(*parts[i], writer, tview.owner).usable();
    if (usable) {
        MemoryContext const context =
            AllocSetContextCreate(CurrentMemoryContext, "pg_tviews unit", ALLOCSET_DEFAULT_SIZES);
        Patcher patcher(tview, writer);
        Units units(tview, index);
        for (uint32 i = keys.flushed(); i < keys.size(); i++) {
            CHECK_FOR_INTERRUPTS();
            bool done;
            {
                pg::ScopedContext const scope(context);
                TupleTableSlot *const stored = units.find(keys[i]);
                done = stored != nullptr && patcher.patch(stored, [&](auto &&put) {
                    for (std::size_t p = 0; p < parts.size(); p++) {
                        const Jsonb *const fresh = sources[p]->document(stored);
                        if (fresh == nullptr || !put(Part{parts[p]->leaves}, fresh))
                            return false;
                    }
                    return true;
                });
            }
            MemoryContextReset(context);
            if (!done)
                (void) left.add(keys[i]);
        }
        MemoryContextDelete(context);
    }
    return usable;
}

// Few documents, of some of which single elements may do.
class Points {
  public:
    Points(dependency::Compiled &tview, const Changes &changes, KeyIndex &index, Writer &writer,
           pg::ValueSet &left)
        : tview_(tview), layout_(*tview.shape->layout), changes_(changes), writer_(writer), left_(left),
          sink_(tview, index, writer, left), units_(tview, index) {}

    bool run(const pg::ValueSet &keys) {
        Part const all{changes_.leaves};
        Part single{changes_.leaves, changes_.elements};
        auto const columns = static_cast<std::size_t>(tview_.unit.count());
        std::size_t const parameters = columns + layout_.arrays.size();
        auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (parameters + 1)));
        auto *const nulls = static_cast<bool *>(palloc0(parameters + 1));
        auto *const marks = static_cast<char *>(palloc(parameters + 1));
        memset(marks, ' ', parameters);
        single.one = one_each();
        for (std::size_t i = 0; i < layout_.arrays.size(); i++) {
            Changes::Elements const &array = changes_.arrays[i];
            bool const is_wanted = wanted(i);
            std::size_t const at = columns + i;
            if (!single.one)
                tview_.ids[i].arrays(*array.ids, 0, is_wanted ? array.ids->size() : 0, values + at);
            else if (is_wanted)
                tview_.ids[i].unpack((*array.ids)[0], values + at, nulls + at);
            else
                nulls[at] = true;
            marks[at] = nulls[at] ? 'n' : ' ';
            single.order = single.order || (is_wanted && array.moved);
        }
        for (uint32 i = keys.flushed(); i < keys.size(); i++) {
            tview_.unit.unpack(keys[i], values, nulls);
            Part const &part = single.one || large(values) ? single : all;
            // A leaf that is the whole document is recomputed.
            PatchQueries *const patch =
                part == all && all.leaves == layout_.root->leaves ? nullptr : patch_queries(tview_, part);
            if (patch == nullptr) {
                (void) left_.add(keys[i]);
                continue;
            }
            sink_.begin(part);
            patch->point.query(values, marks, sink_);
        }
        return true;
    }

  private:
    // Of this array single elements are wanted.
    bool wanted(std::size_t array) const noexcept {
        return (Leaves(1) << layout_.arrays[array].leaf & changes_.elements) != 0;
    }
    bool one_each() const noexcept {
        for (std::size_t i = 0; i < layout_.arrays.size(); i++)
            if (wanted(i) && changes_.arrays[i].ids->size() != 1)
                return false;
        return true;
    }

    // Is the document large enough for the planning of a query of its own?
    bool large(const Datum *unit) {
        TupleTableSlot *const stored = units_.find(unit);
        if (stored == nullptr)
            return false;
        bool is_null;
        Datum const document = slot_getattr(stored, writer_.attribute(stored, layout_.column), &is_null);
        return !is_null &&
               toast_raw_datum_size(document) >= static_cast<Size>(config::patch_elements_min_size) * 1024;
    }

    dependency::Compiled &tview_;
    const definition::Layout &layout_;
    const Changes &changes_;
    Writer &writer_;
    pg::ValueSet &left_;
    PatchSink sink_;
    Units units_;
};

} // namespace

bool patch_documents(dependency::Compiled &tview, const Changes &changes, const pg::ValueSet &keys,
                     Writer &writer, pg::ValueSet &left) {
    const definition::Layout *const layout = tview.shape->layout;
    if (!config::enable_patch || layout == nullptr || changes.leaves == 0)
        return false;
    // A row must be met once: a second pass would meet its own change.
    Queries const &plans = queries(tview);
    if (!plans.unit_is_key || !plans.image_equal)
        return false;
    KeyIndex index(tview, writer.storage());
    if (!index.usable())
        return false;
    core::Recompute how = choose_recompute(writer.storage(), keys, false);
    if (!plans.has_arrays)
        how = core::Recompute::point;
    const pg::vector<OwnLeaves *> *const own = own_leaves(tview, changes.leaves);
    if (own != nullptr && (how != core::Recompute::bulk || shared(*own)) &&
        patch_from_own_rows(tview, *own, keys, index, writer, left))
        return true;
    if (changes.elements != 0 && how == core::Recompute::point)
        return Points(tview, changes, index, writer, left).run(keys);
    if (changes.leaves == layout->root->leaves)
        return false;
    Part const part{changes.leaves};
    PatchQueries *const patch = patch_queries(tview, part);
    if (patch == nullptr)
        return false;
    PatchSink sink(tview, index, writer, left);
    sink.begin(part);
    auto const columns = static_cast<std::size_t>(tview.unit.count());
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
    if (how == core::Recompute::point) {
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
