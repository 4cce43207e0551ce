// refresh/recompute.cpp - from affected keys to the differences between the definition and the stored rows.
//
// Few keys: one prepared query each on the view, and an index look-up of the stored row. Many, or all: one statement
// that joins recomputed and stored rows on the key and says for each pair whether the images are the same. Rows are
// written while the query is still running; its snapshot does not see them. Every recomputed row passes through here, so
// a key that the definition returns twice is always noticed. No query, unless most keys are wanted, where look-ups of base
// rows by unique keys do (assembly.hpp).
#include "refresh/recompute.hpp"

#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "refresh/assembly.hpp"
#include "refresh/stored.hpp"

extern "C" {
#include "utils/typcache.h"
}

namespace tviews::refresh {

namespace {

// Where the stored row is whose ctid the slot has in a column, and its tableoid, if the TVIEW is partitioned, in another.
Place place_in(const Storage &storage, TupleTableSlot *slot, int tid, int tableoid) {
    int const part =
        storage.partitioned() ? storage.part_number(DatumGetObjectId(slot->tts_values[tableoid])) : 0;
    return place_of(part, reinterpret_cast<ItemPointer>(DatumGetPointer(slot->tts_values[tid])));
}

// The places of the stored rows that a query returns.
class Places final : public pg::RowSink {
  public:
    explicit Places(const Storage &storage) : storage_(storage) {}
    void row(TupleTableSlot *slot) override {
        slot_getallattrs(slot);
        list.push_back(place_in(storage_, slot, 0, 1));
    }
    pg::vector<Place> list;

  private:
    const Storage &storage_;
};

class Count final : public pg::RowSink {
  public:
    void row(TupleTableSlot *slot) override {
        bool is_null;
        value = DatumGetInt64(slot_getattr(slot, 1, &is_null));
    }
    int64 value = 0;
};

// Raises TV204 for the first row it gets.
class Repeated final : public pg::RowSink {
  public:
    explicit Repeated(const dependency::Compiled &tview) : tview_(tview) {}
    void row(TupleTableSlot *slot) override { raise_duplicate_key(tview_, key_text(tview_, slot)); }

  private:
    const dependency::Compiled &tview_;
};

// The recomputed rows of one unit at a time.
class UnitSink final : public pg::RowSink {
  public:
    UnitSink(const dependency::Compiled &tview, KeyIndex &index, Writer &writer)
        : tview_(tview), index_(index), writer_(writer), key_(tview.shape->key.size()) {}

    void row(TupleTableSlot *slot) override {
        slot_getallattrs(slot);
        for (std::size_t i = 0; i < key_.size(); i++)
            key_[i] = slot->tts_values[tview_.shape->key[i]];
        TupleTableSlot *const stored = index_.find(key_.data());
        if (stored == nullptr) {
            if (one_row_ && rows_ > 0)
                raise_duplicate_key(tview_, key_text(tview_, slot));
            rows_++;
            writer_.insert(slot); // a repeated key is found by the primary key
            return;
        }
        if (!seen_.add(index_.place(stored)))
            raise_duplicate_key(tview_, key_text(tview_, slot));
        rows_++;
        writer_.update(stored, slot);
    }

    void begin(bool one_row) {
        seen_.clear();
        rows_ = 0;
        one_row_ = one_row;
    }
    bool seen(Place place) { return !seen_.add(place); }
    int rows() const noexcept { return rows_; }

  private:
    const dependency::Compiled &tview_;
    KeyIndex &index_;
    Writer &writer_;
    pg::vector<Datum> key_;
    pg::ValueSet seen_; // places of this unit's stored rows that have a recomputed one
    int rows_ = 0;
    bool one_row_ = true;
};

// Tells without a query that a key has no row: without one in the key table, there is none in the definition.
class Gone {
  public:
    Gone(const dependency::Compiled &tview, bool wanted) : unit_(tview.shape->unit) {
        const definition::KeyTable &table = tview.shape->key_table;
        if (!wanted || !OidIsValid(table.relation))
            return;
        rows_.emplace(table.relation, table.index, table.identity, tview.owner);
        if (!rows_->usable())
            rows_.reset();
        for (const definition::Identity &identity : table.identity)
            position_.push_back(std::find(unit_.begin(), unit_.end(), identity.column) - unit_.begin());
        values_.resize(position_.size());
    }

    bool sure(const Datum *unit) {
        if (!rows_)
            return false;
        for (std::size_t i = 0; i < values_.size(); i++)
            values_[i] = unit[position_[i]];
        return rows_->find(values_.data()) == nullptr;
    }

  private:
    const pg::vector<int> &unit_;
    std::optional<BaseRows> rows_;
    pg::vector<std::ptrdiff_t> position_; // of the identity's columns in the unit
    pg::vector<Datum> values_;
};

// The definition's rows of a unit, given to `sink`.
void compute_unit(Queries &queries, const Datum *values, Assembler &assembler, Gone &gone, UnitSink &sink) {
    TupleTableSlot *const row = assembler.usable() ? assembler.row(values) : nullptr;
    if (row != nullptr)
        sink.row(row);
    else if (!assembler.usable() && !gone.sure(values))
        queries.point.query(values, nullptr, sink);
}

void recompute_unit(Queries &queries, const Datum *values, Assembler &assembler, Gone &gone, KeyIndex &index,
                    UnitSink &sink, Writer &writer, const pg::vector<int> &position) {
    sink.begin(queries.unit_is_key);
    compute_unit(queries, values, assembler, gone, sink);
    if (queries.unit_is_key) {
        if (sink.rows() > 0)
            return;
        pg::vector<Datum> key(position.size());
        for (std::size_t i = 0; i < position.size(); i++)
            key[i] = values[position[i]];
        TupleTableSlot *const stored = index.find(key.data());
        if (stored != nullptr)
            writer.remove(stored);
        return;
    }
    Places places(writer.storage());
    queries.stored.query(values, nullptr, places);
    for (Place place : places.list)
        if (!sink.seen(place))
            writer.remove(place);
}

// Entries that are equal, though not the same, once each: a second pass over a key would meet its own changes.
void distinct(const dependency::Compiled &tview, const pg::ValueSet &keys, pg::ValueSet &result) {
    auto const columns = static_cast<std::size_t>(tview.unit.count());
    pg::vector<pg::vector<Datum>> taken;
    auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
    pg::vector<FmgrInfo *> equal;
    for (std::size_t c = 0; c < columns; c++) {
        TypeCacheEntry *const type =
            lookup_type_cache(tview.unit[static_cast<int>(c)].type, TYPECACHE_EQ_OPR_FINFO);
        equal.push_back(&type->eq_opr_finfo);
    }
    for (uint32 i = keys.flushed(); i < keys.size(); i++) {
        pg::vector<Datum> values(columns);
        tview.unit.unpack(keys[i], values.data(), nulls);
        bool known = false;
        for (const pg::vector<Datum> &other : taken) {
            bool same = true;
            for (std::size_t c = 0; same && c < columns; c++) {
                auto const column = static_cast<std::size_t>(tview.shape->unit[c]);
                same = DatumGetBool(
                    FunctionCall2Coll(equal[c], tview.shape->columns[column].collation, other[c], values[c]));
            }
            known = known || same;
        }
        if (known)
            continue;
        (void) result.add(keys[i]);
        taken.push_back(std::move(values));
    }
}

void recompute_points(dependency::Compiled &tview, Queries &queries, const pg::ValueSet &keys, bool gone,
                      Assembler &assembler, KeyIndex &index, Writer &writer) {
    MemoryContext const unit_context =
        AllocSetContextCreate(CurrentMemoryContext, "pg_tviews unit", ALLOCSET_DEFAULT_SIZES);
    UnitSink sink(tview, index, writer);
    Gone deleted(tview, gone && queries.unit_is_key && !assembler.usable());
    pg::vector<int> position; // by position in the key: position in the unit
    if (queries.unit_is_key)
        for (int column : tview.shape->key)
            position.push_back(
                static_cast<int>(std::find(tview.shape->unit.begin(), tview.shape->unit.end(), column) -
                                 tview.shape->unit.begin()));
    auto const columns = static_cast<std::size_t>(tview.unit.count());
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
    auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
    for (uint32 i = keys.flushed(); i < keys.size(); i++) {
        CHECK_FOR_INTERRUPTS();
        {
            pg::ScopedContext const scope(unit_context);
            tview.unit.unpack(keys[i], values, nulls);
            recompute_unit(queries, values, assembler, deleted, index, sink, writer, position);
        }
        MemoryContextReset(unit_context);
    }
    MemoryContextDelete(unit_context);
}

// Pairs of a recomputed and a stored row.
class PairSink final : public pg::RowSink {
  public:
    PairSink(const dependency::Compiled &tview, Writer &writer, bool remember_all,
             Progress *progress = nullptr)
        : tview_(tview), writer_(writer), columns_(static_cast<int>(tview.shape->columns.size())),
          remember_all_(remember_all), progress_(progress) {}

    void row(TupleTableSlot *slot) override {
        if (progress_ != nullptr)
            progress_->row();
        slot_getallattrs(slot);
        bool const has_stored = !slot->tts_isnull[columns_];
        bool const has_row = !slot->tts_isnull[columns_ + 2];
        Place const stored =
            has_stored ? place_in(writer_.storage(), slot, columns_, columns_ + 3) : Place(0);
        bool const same = has_stored && has_row && DatumGetBool(slot->tts_values[columns_ + 1]);
        matched_ += has_stored;
        if (has_stored && (remember_all_ || !same) && !seen_.add(stored))
            raise_duplicate_key(tview_, key_text(tview_, slot));
        if (same)
            writer_.unchanged();
        else if (!has_row)
            writer_.remove(stored);
        else if (!has_stored)
            writer_.insert(slot);
        else
            writer_.update(stored, slot);
    }
    int64 matched() const noexcept { return matched_; }

  private:
    const dependency::Compiled &tview_;
    Writer &writer_;
    int columns_;
    bool remember_all_;
    Progress *progress_;
    pg::ValueSet seen_; // places; for a full refresh only those of changed rows, the others are counted
    int64 matched_ = 0;
};

} // namespace

void recompute(dependency::Compiled &tview, const pg::ValueSet &keys, bool all, bool gone, Writer &writer,
               Progress *progress) {
    Queries &plans = queries(tview);
    core::Recompute how = choose_recompute(writer.storage(), keys, all);
    if (how == core::Recompute::full) {
        PairSink sink(tview, writer, false, progress);
        plans.full.query(nullptr, nullptr, sink);
        Count stored;
        plans.count.query(nullptr, nullptr, stored);
        if (sink.matched() != stored.value) {
            Repeated repeated(tview);
            plans.repeated.query(nullptr, nullptr, repeated);
        }
        return;
    }
    if (keys.pending() == 0)
        return;
    KeyIndex index(tview, writer.storage());
    Assembler assembler(tview);
    if (how == core::Recompute::nested && assembler.usable() && index.usable() && plans.image_equal)
        how = core::Recompute::point;
    if (!index.usable() && plans.has_arrays && how == core::Recompute::point)
        how = core::Recompute::nested;
    if (how == core::Recompute::point || !plans.has_arrays) {
        if (!index.usable())
            ereport(ERROR, errcode(errors::refresh_failed),
                    errmsg("TVIEW \"%s\" has no primary key on its key columns", tview.name),
                    errhint("Create it again with ALTER TABLE ... ADD PRIMARY KEY."));
        if (plans.image_equal || keys.pending() == 1) {
            recompute_points(tview, plans, keys, gone, assembler, index, writer);
            return;
        }
        pg::ValueSet once;
        distinct(tview, keys, once);
        recompute_points(tview, plans, once, gone, assembler, index, writer);
        return;
    }
    auto *const arrays =
        static_cast<Datum *>(palloc0(sizeof(Datum) * static_cast<std::size_t>(tview.unit.count() + 1)));
    tview.unit.arrays(keys, keys.flushed(), keys.size(), arrays);
    PairSink sink(tview, writer, true);
    (how == core::Recompute::nested ? plans.nested : plans.bulk).query(arrays, nullptr, sink);
}

core::Recompute choose_recompute(const Storage &storage, const pg::ValueSet &keys, bool all) {
    bool const few = all || keys.pending() <= core::max_point_units;
    return core::choose_recompute(all, keys.pending(), few ? -1 : storage.rows());
}

void refuse_newer_rows(dependency::Compiled &tview, const Storage &storage, const pg::ValueSet &keys,
                       bool all) {
    Queries &plans = queries(tview);
    auto stored = [&](Places &places) {
        auto const columns = static_cast<std::size_t>(tview.unit.count());
        auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 1)));
        auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
        if (all) {
            plans.stored_all.query(nullptr, nullptr, places);
        } else if (plans.has_arrays && keys.pending() > core::max_point_units) {
            tview.unit.arrays(keys, keys.flushed(), keys.size(), values);
            plans.stored_many.query(values, nullptr, places);
        } else {
            for (uint32 i = keys.flushed(); i < keys.size(); i++) {
                tview.unit.unpack(keys[i], values, nulls);
                plans.stored.query(values, nullptr, places);
            }
        }
        std::sort(places.list.begin(), places.list.end());
    };
    Places own(storage);
    stored(own);
    Places latest(storage);
    {
        pg::PushedSnapshot const snapshot(GetLatestSnapshot());
        stored(latest);
    }
    if (own.list != latest.list)
        ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                errmsg("could not serialize access due to concurrent update of TVIEW \"%s\"", tview.name),
                errhint("The transaction might succeed if retried."));
}

void raise_duplicate_key(const dependency::Compiled &tview, const char *key) {
    ereport(
        ERROR, errcode(errors::duplicate_key),
        errmsg("the definition of TVIEW \"%s\" returns a key more than once", tview.name),
        errdetail("Key %s is returned more than once by %s.", key, tview.qualified_view),
        errhint(
            "The key must identify a row: change the data, or replace the definition by one with GROUP BY or "
            "another key."));
    pg_unreachable();
}

void duplicate_key_edited(const dependency::Compiled &tview, const KeyConstraint *primary_key,
                          ErrorData *error) {
    if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION || error->table_name == nullptr ||
        error->constraint_name == nullptr || error->schema_name == nullptr || primary_key == nullptr ||
        strcmp(error->table_name, primary_key->table) != 0 ||
        strcmp(error->schema_name, primary_key->schema) != 0 ||
        strcmp(error->constraint_name, primary_key->name) != 0)
        return;
    static constexpr const char exists[] = " already exists.";
    const char *detail = error->detail;
    std::size_t const length = detail == nullptr ? 0 : strlen(detail);
    if (length > sizeof(exists) && strcmp(detail + length - sizeof(exists) + 1, exists) == 0)
        detail = psprintf("%.*s is returned more than once by %s.",
                          static_cast<int>(length - sizeof(exists) + 1), detail, tview.qualified_view);
    error->sqlerrcode = errors::duplicate_key;
    error->message = psprintf("the definition of TVIEW \"%s\" returns a key more than once", tview.name);
    error->detail = detail == nullptr ? nullptr : pstrdup(detail);
    error->hint = pstrdup(
        "The key must identify a row: change the data, or replace the definition by one with GROUP BY "
        "or another key.");
}

} // namespace tviews::refresh
