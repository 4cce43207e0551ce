// queue/record.cpp - capture: from a changed row to entries of the queue (design 3.4, Capture).
//
// Runs once per changed row, so the usual case, nothing that matters has changed, must cost next to nothing: the watched
// columns of the two versions are compared by image, and only sources that use a changed one are looked at. A version
// counts when its link toward the key is not NULL where NULL never matches, and it passes its own filters.
//
// W entries: the link values of the old and of the new version, or keys when the row has the key itself. R entries:
// the new version's values on every edge leading away from the key, if it did not count before or a path column changed.
#include "queue/queue.hpp"
#include "queue/transaction_queue.hpp"

#include "config/settings.hpp"
#include "core/hash.hpp"
#include "dependency/program.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "executor/executor.h"
#include "replication/logicalworker.h"
#include "utils/datum.h"
}

namespace tviews::queue {

namespace {

using dependency::ProgramBody;
using dependency::Use;

constexpr int max_mask_words = (MaxHeapAttributeNumber + 63) / 64;

bool same_image(Datum left, Datum right, const dependency::Watched &column) {
    if (column.by_value || left == right)
        return left == right;
    if (column.length == -1) {
        // An UPDATE that does not touch a toasted value keeps its toast pointer.
        auto *const a = DatumGetPointer(left);
        auto *const b = DatumGetPointer(right);
        if (VARATT_IS_EXTERNAL_ONDISK(a) && VARATT_IS_EXTERNAL_ONDISK(b) &&
            memcmp(a, b, static_cast<std::size_t>(VARSIZE_EXTERNAL(a))) == 0)
            return true;
    }
    return datum_image_eq(left, right, column.by_value, column.length);
}

// Sets the bits of changed watched columns; returns whether there are any.
bool compare(const ProgramBody &program, TupleTableSlot *old_row, TupleTableSlot *new_row, uint64 *changed) {
    bool any = false;
    for (std::size_t i = 0; i < program.watched.size(); i++) {
        dependency::Watched const &column = program.watched[i];
        int const at = column.attno - 1;
        bool const old_null = old_row->tts_isnull[at];
        if (old_null == new_row->tts_isnull[at] &&
            (old_null || same_image(old_row->tts_values[at], new_row->tts_values[at], column)))
            continue;
        changed[i / 64] |= uint64(1) << (i % 64);
        any = true;
    }
    return any;
}

bool overlaps(const dependency::ColumnMask &mask, const uint64 *changed) noexcept {
    for (std::size_t i = 0; i < mask.size(); i++)
        if ((mask[i] & changed[i]) != 0)
            return true;
    return false;
}

bool counts(const ProgramBody &program, const Use &use, TupleTableSlot *row) {
    if (row == nullptr)
        return false;
    for (std::size_t i = 0; i < use.columns.size(); i++)
        if (use.strict[i] && row->tts_isnull[use.columns[i] - 1])
            return false;
    if (use.filter == nullptr)
        return true;
    program.expressions->ecxt_scantuple = row;
    bool const passes = ExecQual(use.filter, program.expressions);
    program.expressions->ecxt_scantuple = nullptr;
    ResetExprContext(program.expressions);
    return passes;
}

// Above the limit a set becomes "all".
void bound(pg::ValueSet &set) {
    if (set.pending() > static_cast<uint32>(config::max_queue_size) && !set.all_pending())
        (void) set.add_all();
}

void add_row(pg::ValueSet &set, const pg::TupleFormat &format, const Use &use, TupleTableSlot *row) {
    constexpr std::size_t few = 8;
    Datum few_values[few] = {};
    bool few_nulls[few] = {};
    std::size_t const count = use.columns.size();
    Datum *const values = count <= few ? few_values : static_cast<Datum *>(palloc(count * sizeof(Datum)));
    bool *const nulls = count <= few ? few_nulls : static_cast<bool *>(palloc(count));
    for (std::size_t i = 0; i < count; i++) {
        values[i] = row->tts_values[use.columns[i] - 1];
        nulls[i] = row->tts_isnull[use.columns[i] - 1];
    }
    (void) format.add(set, values, nulls);
    if (values != few_values) {
        pfree(values);
        pfree(nulls);
    }
    bound(set);
}

// The hash that the far side of the edge locks for the value this near row looks for; false when it looks for none.
bool hash_near(const Use::Away &away, TupleTableSlot *row, uint32 &result) {
    uint64 hash = 0;
    for (std::size_t i = 0; i < away.near.size(); i++) {
        int const at = away.near[i] - 1;
        if (row->tts_isnull[at])
            return false;
        dependency::LinkHash &part = away.edge->hashes[i];
        hash = core::combine(
            hash, DatumGetUInt32(FunctionCall1Coll(&part.near, part.collation, row->tts_values[at])));
    }
    result = static_cast<uint32>(hash);
    return true;
}

void look_through(TviewQueue &entry, const Use &use, TupleTableSlot *row) {
    for (const Use::Away &away : use.away) {
        pg::ValueSet &set = *entry.edges[static_cast<std::size_t>(away.edge->edge->id)].r;
        uint32 hash;
        if (!away.edge->edge->by_value)
            (void) set.add_all();
        else if (hash_near(away, row, hash)) {
            (void) set.add(static_cast<int64>(hash));
            bound(set);
        }
    }
}

void note_source(TviewQueue &entry, int source) noexcept {
    entry.last = GetCurrentStatementStartTimestamp();
    if (entry.since == 0)
        entry.since = entry.last;
    if (source >= 0 && source < 64)
        entry.sources |= uint64(1) << source;
}

// The leaves of the document that an update can reach; 0: anything. `changed`: nullptr for a row that came or went.
definition::Leaves reached(const Use &use, const uint64 *changed) {
    if (use.confined != 0 || changed == nullptr)
        return use.confined;
    definition::Leaves leaves = 0;
    for (std::size_t bit = 0; bit < use.feeds.size(); bit++) {
        if ((use.used[bit / 64] & changed[bit / 64] & uint64(1) << (bit % 64)) == 0)
            continue;
        if (use.feeds[bit] == 0)
            return 0;
        leaves |= use.feeds[bit];
    }
    return leaves;
}

// Notes which elements of an array the rows make. False: that cannot be told, or too many.
bool note_elements(TviewQueue &entry, const Use &use, TupleTableSlot *old_row, TupleTableSlot *new_row,
                   const uint64 *changed) {
    constexpr uint32 most = 1000;
    if (use.array < 0)
        return false;
    TviewQueue::Elements &array = entry.elements[static_cast<std::size_t>(use.array)];
    pg::TupleFormat const &format = use.tview->ids[static_cast<std::size_t>(use.array)];
    for (TupleTableSlot *row : {old_row, new_row}) {
        if (row == nullptr)
            continue;
        if (row->tts_isnull[use.id - 1] || array.ids->size() >= most)
            return false;
        (void) format.add(*array.ids, &row->tts_values[use.id - 1], nullptr);
    }
    array.moved = array.moved || changed == nullptr;
    for (std::size_t i = 0; i < use.used.size() && !array.moved; i++)
        array.moved = (use.used[i] & changed[i] & ~use.steady[i]) != 0;
    return true;
}

// What logical replication brings is not for TVIEWs that pg_tviews_set_replica_maintenance() was not called for: their
// rows may come the same way.
bool left_alone(const dependency::Compiled &tview) { return !tview.replica_maintained && IsLogicalWorker(); }

void record(TransactionQueue &queue, const ProgramBody &program, const Use &use, TupleTableSlot *old_row,
            TupleTableSlot *new_row, const uint64 *changed) {
    if (left_alone(*use.tview))
        return;
    TviewQueue &entry = queue.entry(*use.tview);
    if (entry.collapsed()) {
        note_source(entry, use.source);
        return;
    }
    bool const old_counts = counts(program, use, old_row);
    bool const new_counts = counts(program, use, new_row);
    if (!old_counts && !new_counts)
        return;
    note_source(entry, use.source);
    if (entry.suspended) {
        entry.collapse();
        return;
    }
    bool const path_changed = changed == nullptr || overlaps(use.path, changed);
    definition::Leaves const leaves = reached(use, changed);
    entry.leaves |= leaves;
    entry.anything = entry.anything || leaves == 0;
    if (!note_elements(entry, use, old_row, new_row, changed))
        entry.whole |= leaves;
    definition::Source const &source = *use.definition;
    entry.gone = entry.gone || (new_row == nullptr && source.route == definition::Route::key);
    if (source.route == definition::Route::all_keys) {
        (void) entry.keys->add_all();
    } else {
        bool const carries_key = source.route == definition::Route::key || source.toward->direct_key;
        pg::ValueSet &set =
            carries_key ? *entry.keys : *entry.edges[static_cast<std::size_t>(source.toward->id)].w;
        pg::TupleFormat const &format =
            carries_key ? use.tview->unit
                        : use.tview->edges[static_cast<std::size_t>(source.toward->id)]->format;
        if (old_counts)
            add_row(set, format, use, old_row);
        if (new_counts && (!old_counts || path_changed))
            add_row(set, format, use, new_row);
    }
    if (new_counts && (!old_counts || path_changed))
        look_through(entry, use, new_row);
}

} // namespace

void record_change(const dependency::Program &current, TupleTableSlot *old_row, TupleTableSlot *new_row) {
    ProgramBody const &program = *current.body;
    if (program.uses.empty())
        return;
    if (old_row != nullptr)
        slot_getsomeattrs(old_row, program.last_attno);
    if (new_row != nullptr)
        slot_getsomeattrs(new_row, program.last_attno);
    bool const update = old_row != nullptr && new_row != nullptr;
    uint64 changed[max_mask_words];
    if (update) {
        memset(changed, 0, sizeof(uint64) * ((program.watched.size() + 63) / 64));
        if (!compare(program, old_row, new_row, changed))
            return;
    }
    TransactionQueue &queue = ensure_queue();
    queue.touch();
    for (const Use *use : program.uses)
        if (!update)
            record(queue, program, *use, old_row, new_row, nullptr);
        else if (overlaps(use->used, changed))
            record(queue, program, *use, old_row, new_row, changed);
}

void record_change(Relation physical, TupleTableSlot *old_row, TupleTableSlot *new_row) {
    record_change(*dependency::program_for(RelationGetRelid(physical)), old_row, new_row);
}

namespace {

TviewQueue &refresh_all_of(dependency::Compiled &tview, int source) {
    TransactionQueue &queue = ensure_queue();
    queue.touch();
    TviewQueue &entry = queue.entry(tview);
    note_source(entry, source);
    (void) entry.keys->add_all();
    return entry;
}

// After a restore of materialized views: one that is read as well has not been refreshed yet. Nothing can be computed until it
// is, and then everything will be.
bool awaits_another(const dependency::Compiled &tview, Oid view) {
    return get_rel_relkind(view) == RELKIND_MATVIEW &&
           std::any_of(tview.shape->relations.begin(), tview.shape->relations.end(),
                       [&](Oid relation) { return relation != view && !pg::populated(relation); });
}

} // namespace

void contents_changed(Oid physical) {
    for (const Use *use : dependency::program_for(physical)->body->uses)
        if (!left_alone(*use->tview))
            refresh_all_of(*use->tview, use->source);
}

void rows_came(Oid physical) {
    for (const Use *use : dependency::program_for(physical)->body->uses) {
        if (awaits_another(*use->tview, physical))
            continue;
        TviewQueue &entry = refresh_all_of(*use->tview, use->source);
        for (const Use::Away &away : use->away) // each row looks through its links for the first time
            (void) entry.edges[static_cast<std::size_t>(away.edge->edge->id)].r->add_all();
    }
}

void row_type_changed(Oid relation) {
    for (const Use *use : dependency::program_for(relation)->body->uses)
        if (use->definition->whole_row)
            refresh_all_of(*use->tview, use->source);
}

void definition_changed(Oid tview) {
    if (dependency::Compiled *const compiled = dependency::compiled(tview))
        refresh_all_of(*compiled, -1);
}

} // namespace tviews::queue
