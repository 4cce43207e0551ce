// patch/renew.cpp - replaces, removes and inserts those elements of an array that may have changed.
//
// With the new order at hand, elements that cannot have changed serve as a check: they must come in it one after the
// other as in the array. What is not among `ids` is never looked at further than its key.
#include "patch/patch.hpp"
#include "patch/values.hpp"

#include <algorithm>

namespace tviews::patch {

namespace {

constexpr int32 none = -1;

// Positions of values, by hash.
class Numbers {
  public:
    explicit Numbers(Container values) : values_(values) {
        while (size_ < 2 * std::size_t{values.count()})
            size_ *= 2;
        table_ = static_cast<int32 *>(palloc(size_ * sizeof(int32)));
        std::fill(table_, table_ + size_, none);
        for (uint32 i = 0; i < values.count(); i++) {
            Value const value = values.child(i);
            std::size_t at = hash_value(value) & (size_ - 1);
            while (table_[at] != none)
                at = (at + 1) & (size_ - 1);
            table_[at] = static_cast<int32>(i);
        }
    }

    int32 find(const Value &value) const {
        for (std::size_t at = hash_value(value) & (size_ - 1); table_[at] != none;
             at = (at + 1) & (size_ - 1))
            if (equal_values(values_.child(static_cast<uint32>(table_[at])), value))
                return table_[at];
        return none;
    }

  private:
    Container values_;
    int32 *table_;
    std::size_t size_ = 4;
};

struct Element {
    Value value;
    Value id;
    int32 number; // of its id among `ids`, or none
};

// The elements of an array; nullptr when one is no object or has no member `key`.
Element *elements_of(Container array, Key key, const Numbers &numbers) {
    auto *const result = static_cast<Element *>(
        MemoryContextAllocHuge(CurrentMemoryContext, (array.count() + std::size_t{1}) * sizeof(Element)));
    uint32 offset = 0;
    for (uint32 i = 0; i < array.count(); i++) {
        if (i % 1024 == 1023)
            CHECK_FOR_INTERRUPTS();
        Element &element = result[i];
        element.value = array.child(i, offset);
        offset = array.end(i, offset);
        if (!element.value.is_object())
            return nullptr;
        Container const object(element.value.bytes);
        KeySearch search(object);
        if (!search.find(key))
            return nullptr;
        element.id = object.value(search.index());
        element.number = numbers.find(element.id);
    }
    return result;
}

// Every fresh element has an old one, and the other way round.
bool in_place(Patch &patch, Plan *plan, const Element *old, uint32 count, const Element *fresh,
              uint32 fresh_count) {
    uint32 next = 0;
    for (uint32 i = 0; i < count; i++) {
        if (old[i].number == none)
            continue;
        if (next == fresh_count || fresh[next].number != old[i].number)
            return false;
        patch.replace(plan, i, fresh[next++].value);
    }
    return next == fresh_count;
}

} // namespace

bool renew_elements(Patch &patch, Plan *array, Key key, Container ids, Container fresh,
                    const Container *order) {
    Numbers const numbers(ids);
    uint32 const count = array->source.count();
    uint32 const fresh_count = fresh.count();
    const Element *const old = elements_of(array->source, key, numbers);
    const Element *const now = elements_of(fresh, key, numbers);
    if (old == nullptr || now == nullptr)
        return false;
    if (order == nullptr)
        return in_place(patch, array, old, count, now, fresh_count);

    uint32 at = 0;
    uint32 next = 0;
    uint32 offset = 0;
    for (uint32 i = 0; i < order->count(); i++) {
        Value const id = order->child(i, offset);
        offset = order->end(i, offset);
        if (int32 const number = numbers.find(id); number != none) {
            if (next == fresh_count || now[next].number != number)
                return false;
            patch.insert(array, at, now[next++].value);
            continue;
        }
        for (; at < count && old[at].number != none; at++)
            patch.remove(array, at);
        if (at == count || !same_image(old[at].id, id))
            return false;
        at++;
    }
    for (; at < count && old[at].number != none; at++)
        patch.remove(array, at);
    return at == count && next == fresh_count && order->count() > 0;
}

} // namespace tviews::patch
