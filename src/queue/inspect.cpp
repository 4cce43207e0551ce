// queue/inspect.cpp - see inspect.hpp. Reads the queue only.
#include "queue/inspect.hpp"

#include "queue/transaction_queue.hpp"

namespace tviews::queue {

namespace {

const char *text_of(const pg::TupleFormat &format, const pg::ValueSet::View &view) {
    auto const columns = static_cast<std::size_t>(format.count());
    pg::vector<Datum> values(columns);
    auto *const nulls = static_cast<bool *>(palloc0(columns + 1));
    format.unpack(view, values.data(), nulls);
    StringInfoData text;
    initStringInfo(&text);
    for (std::size_t i = 0; i < columns; i++) {
        Oid output;
        bool varlena;
        getTypeOutputInfo(format[static_cast<int>(i)].type, &output, &varlena);
        appendStringInfo(&text, "%s%s", i > 0 ? ", " : "",
                         nulls[i] ? "NULL" : OidOutputFunctionCall(output, values[i]));
    }
    return text.data;
}

bool integer_key(const dependency::Compiled &tview) {
    if (tview.unit.count() != 1 || tview.shape->key.size() != 1)
        return false;
    Oid const type = getBaseType(tview.unit[0].type);
    return type == INT2OID || type == INT4OID || type == INT8OID;
}

class Collector {
  public:
    Collector(pg::vector<Item> &items, const TviewQueue &entry) : items_(items) {
        item_.table = entry.table;
        item_.depth = dependency::depth(entry.table);
        item_.since = entry.since;
        item_.last = entry.last;
    }

    void all() { add("all", nullptr); }

    // `format`: nullptr for hashes.
    void values(const pg::ValueSet &set, const char *kind, const pg::TupleFormat *format, bool pk = false) {
        for (uint32 i = set.flushed(); i < set.size(); i++) {
            pg::ValueSet::View const view = set[i];
            if (view.is_all) {
                add(kind, "all");
                continue;
            }
            item_.has_pk = pk && view.is_number;
            item_.pk = view.number;
            add(kind, format != nullptr ? text_of(*format, view)
                                        : psprintf("hash %08x", static_cast<uint32>(view.number)));
            item_.has_pk = false;
        }
    }

  private:
    void add(const char *kind, const char *value) {
        item_.kind = kind;
        item_.value = value;
        items_.push_back(item_);
    }

    pg::vector<Item> &items_;
    Item item_{};
};

} // namespace

pg::vector<Item> pending_items() {
    pg::vector<Item> items;
    const TransactionQueue *const queue = current_queue();
    if (queue == nullptr)
        return items;
    for (const TviewQueue *entry : queue->entries()) {
        dependency::Compiled *const compiled =
            entry->pending() ? dependency::compiled(entry->table) : nullptr;
        if (compiled == nullptr)
            continue;
        dependency::Pin const tview(compiled);
        Collector collector(items, *entry);
        if (entry->signature != tview->signature || entry->edges.size() != tview->edges.size()) {
            collector.all(); // queued under another definition
            continue;
        }
        if (entry->keys->all_pending())
            collector.all();
        else
            collector.values(*entry->keys, "key", &tview->unit, integer_key(*tview));
        for (std::size_t i = 0; i < entry->edges.size(); i++) {
            collector.values(*entry->edges[i].w, "changed link", &tview->edges[i]->format);
            collector.values(*entry->edges[i].r, "new link", nullptr);
        }
    }
    return items;
}

} // namespace tviews::queue
