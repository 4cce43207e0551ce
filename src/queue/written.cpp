// queue/written.cpp - see written.hpp.
//
// Kept in sets of the transaction's queue, so that ROLLBACK TO takes them back. An entry is whether the row was there
// before, its id and its key; a row that is written again and again is one entry or two. What came first counts. Only
// so many are remembered of each TVIEW: bulk writers need no report.
#include "queue/written.hpp"

#include "queue/transaction_queue.hpp"

namespace tviews::queue {

namespace {

constexpr uint32 max_remembered = 10000;

WrittenSet *find(TransactionQueue &queue, Oid table) {
    for (WrittenSet *candidate : queue.written())
        if (candidate->table == table)
            return candidate;
    return nullptr;
}

WrittenSet *make(TransactionQueue &queue, Relation table) {
    dependency::Compiled *const tview = dependency::compiled(RelationGetRelid(table));
    if (tview == nullptr)
        return nullptr;
    return &queue.add_written(RelationGetRelid(table), [&](WrittenSet &set) {
        set.id = get_attnum(set.table, "id");
        set.format.add_column(BOOLOID);
        if (set.id != InvalidAttrNumber)
            set.format.add_column(TupleDescAttr(RelationGetDescr(table), set.id - 1)->atttypid);
        for (int column : tview->shape->key) {
            definition::OutputColumn const &output = tview->shape->columns[static_cast<std::size_t>(column)];
            set.key.push_back(get_attnum(set.table, output.name));
            set.format.add_column(output.type);
        }
    });
}

// A column of the TVIEW in the rows of one of its partitions, or its own.
AttrNumber in_row(Relation tview, Relation physical, AttrNumber column) {
    if (tview == physical)
        return column;
    return get_attnum(RelationGetRelid(physical),
                      NameStr(TupleDescAttr(RelationGetDescr(tview), column - 1)->attname));
}

} // namespace

void note_written(Relation tview, Relation physical, TupleTableSlot *old_row, TupleTableSlot *new_row) {
    TransactionQueue &queue = ensure_queue();
    queue.touch();
    WrittenSet *set = find(queue, RelationGetRelid(tview));
    if (set == nullptr)
        set = make(queue, tview);
    if (set == nullptr || set->rows->all_pending())
        return;
    if (set->rows->size() >= max_remembered) {
        (void) set->rows->add_all();
        return;
    }
    TupleTableSlot *const row = old_row != nullptr ? old_row : new_row;
    auto const columns = static_cast<std::size_t>(set->format.count());
    pg::vector<Datum> values(columns);
    auto *const nulls = static_cast<bool *>(palloc0(columns));
    std::size_t next = 0;
    values[next++] = BoolGetDatum(old_row != nullptr);
    if (set->id != InvalidAttrNumber) {
        if (TupleDescAttr(RelationGetDescr(tview), set->id - 1)->attisdropped)
            nulls[next] = true;
        else
            values[next] = slot_getattr(row, in_row(tview, physical, set->id), &nulls[next]);
        next++;
    }
    for (AttrNumber column : set->key) {
        values[next] = slot_getattr(row, in_row(tview, physical, column), &nulls[next]);
        next++;
    }
    (void) set->format.add(*set->rows, values.data(), nulls);
    pfree(nulls);
}

pg::vector<WrittenRows> written_rows() {
    pg::vector<WrittenRows> result;
    TransactionQueue *const queue = current_queue();
    if (queue == nullptr)
        return result;
    for (const WrittenSet *set : queue->written()) {
        if (set->rows->size() == 0 || dependency::compiled(set->table) == nullptr)
            continue;
        WrittenRows table{set->table, set->id != InvalidAttrNumber, {}, set->rows->all_pending(), {}};
        table.key.assign(set->key.begin(), set->key.end());
        pg::ValueSet known;
        pg::TupleFormat key_format;
        std::size_t const first_key = table.has_id ? 2 : 1;
        for (std::size_t i = first_key; i < first_key + set->key.size(); i++)
            key_format.add_column(set->format[static_cast<int>(i)].type);
        pg::vector<Datum> values(static_cast<std::size_t>(set->format.count()));
        auto *const nulls = static_cast<bool *>(palloc0(values.size()));
        for (uint32 i = 0; i < set->rows->size(); i++) {
            if ((*set->rows)[i].is_all)
                continue;
            set->format.unpack((*set->rows)[i], values.data(), nulls);
            if (!key_format.add(known, values.data() + first_key, nullptr))
                continue;
            WrittenRow row{
                DatumGetBool(values[0]), table.has_id ? values[1] : Datum(0), !table.has_id || nulls[1], {}};
            row.key.assign(values.begin() + static_cast<std::ptrdiff_t>(first_key), values.end());
            table.rows.push_back(std::move(row));
        }
        result.push_back(std::move(table));
    }
    std::sort(result.begin(), result.end(), [](const WrittenRows &left, const WrittenRows &right) {
        int const depths[] = {dependency::depth(left.table), dependency::depth(right.table)};
        return depths[0] != depths[1] ? depths[0] < depths[1] : left.table < right.table;
    });
    return result;
}

} // namespace tviews::queue
