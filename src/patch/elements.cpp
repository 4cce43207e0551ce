// patch/elements.cpp - finds array elements by a member's value, and updates, removes and inserts them.
#include "patch/patch.hpp"
#include "patch/search.hpp"

namespace tviews::patch {

namespace {

constexpr const char *array_hint = "Name a top-level member of the document that is an array.";
constexpr const char *update_hint =
    "Each element must be like {\"match_value\": 1, \"updates\": {\"key\": \"value\"}}.";

// True, with the index: the first element that matches.
bool find_element(Container array, Key key, const Value &wanted, uint32 *index) {
    uint32 const none = array.count();
    uint32 found = none;
    Sought sought(wanted);
    each_keyed(array, key, sought, [&found](const Keyed &keyed) {
        found = keyed.index;
        return true;
    });
    *index = found;
    return found != none;
}

// The array that is member `key` of the document. False: there is no such member.
bool find_array(const Jsonb *target, const char *name, Key key, uint32 *position, Container *array) {
    Container const root(target);
    if (!root.is_object())
        raise_kind(name, value_of(target), "an object", array_hint);
    KeySearch search(root);
    if (!search.find(key))
        return false;
    Value const value = root.value(search.index());
    if (!value.is_array())
        raise_kind(psprintf("member \"%.*s\" of %s", static_cast<int>(key.length), key.bytes, name), value,
                   "an array", array_hint);
    *position = search.index();
    *array = Container(value.bytes);
    return true;
}

struct Place {
    uint32 member, element;
};

void check_match_key(Key key) {
    if (key.length == 0)
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("match key is empty"),
                errhint("Name the member by which elements are told apart, such as id."));
}

bool find(const Jsonb *target, const Match &match, Place *place) {
    check_match_key(match.key);
    Container array;
    return find_array(target, match.document, match.array, &place->member, &array) &&
           find_element(array, match.key, match.value, &place->element);
}

// One entry of the array given to merge_elements. Entries for the same value form a chain in their order.
struct Update {
    Value wanted;
    Container updates;
    uint32 hash;
    Update *next;  // for the same value
    Update *chain; // in the same hash bucket
    Update *last;  // of those for the same value
    bool done;
};

Value update_member(Container update, const char *name, uint32 number) {
    KeySearch search(update);
    if (!search.find({name, static_cast<uint32>(strlen(name))}))
        ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                errmsg("element %u of updates_array has no member \"%s\"", number, name),
                errhint("%s", update_hint));
    return update.value(search.index());
}

// Updates by the value they are for.
class UpdateTable {
  public:
    explicit UpdateTable(Container list) {
        while (size_ < 2 * list.count())
            size_ *= 2;
        buckets_ = static_cast<Update **>(MemoryContextAllocExtended(
            CurrentMemoryContext, size_ * sizeof(Update *), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO));
        auto *update = static_cast<Update *>(
            MemoryContextAllocHuge(CurrentMemoryContext, (list.count() + std::size_t{1}) * sizeof(Update)));
        uint32 offset = 0;
        for (uint32 i = 0; i < list.count(); i++, update++) {
            Value const item = list.child(i, offset);
            offset = list.end(i, offset);
            if (!item.is_object())
                raise_kind(psprintf("element %u of updates_array", i), item, "an object", update_hint);
            Container const object(item.bytes);
            Value const changes = update_member(object, "updates", i);
            if (!changes.is_object())
                raise_kind(psprintf("member \"updates\" of element %u of updates_array", i), changes,
                           "an object", nullptr);
            *update = {update_member(object, "match_value", i),
                       Container(changes.bytes),
                       0,
                       nullptr,
                       nullptr,
                       update,
                       false};
            add(update);
        }
    }

    Update *find(const Value &value) const {
        uint32 const hash = hash_value(value);
        for (Update *update = buckets_[hash & (size_ - 1)]; update != nullptr; update = update->chain)
            if (update->hash == hash && equal_values(update->wanted, value))
                return update;
        return nullptr;
    }
    uint32 values() const noexcept { return values_; }

  private:
    void add(Update *update) {
        if (Update *const same = find(update->wanted); same != nullptr) {
            same->last->next = update;
            same->last = update;
            return;
        }
        update->hash = hash_value(update->wanted);
        Update *&bucket = buckets_[update->hash & (size_ - 1)];
        update->chain = bucket;
        bucket = update;
        values_++;
    }

    Update **buckets_;
    std::size_t size_ = 4;
    uint32 values_ = 0; // different ones
};

// Where a new element goes: after all that sort before it or equal.
uint32 sorted_position(Container array, const Value &element, Key key, Order order) {
    auto const sort_value = [&](const Value &item, Value *value) {
        if (!item.is_object())
            return false;
        Container const object(item.bytes);
        KeySearch search(object);
        if (!search.find(key))
            return false;
        *value = object.value(search.index());
        return true;
    };
    Value wanted, other;
    bool const has = sort_value(element, &wanted);
    uint32 low = 0, high = array.count();
    while (low < high) {
        uint32 const middle = low + (high - low) / 2;
        bool before; // a missing value is NULL to ORDER BY: last in ascending, first in descending order
        if (!sort_value(array.child(middle), &other))
            before = order == Order::descending || !has;
        else if (!has)
            before = order == Order::ascending;
        else {
            int const compared = compare_values(other, wanted);
            before = order == Order::ascending ? compared <= 0 : compared >= 0;
        }
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

} // namespace

bool contains_element(const Jsonb *target, const Match &match) {
    Place place;
    return find(target, match, &place);
}

const Jsonb *merge_element(const Jsonb *target, const Match &match, Container updates) {
    Place place;
    if (!find(target, match, &place))
        return target;
    Patch patch(target);
    merge(patch, patch.descend(patch.descend(patch.root(), place.member), place.element), updates,
          Depth::shallow);
    return patch.finish();
}

const Jsonb *remove_element(const Jsonb *target, const Match &match) {
    Place place;
    if (!find(target, match, &place))
        return target;
    Patch patch(target);
    patch.remove(patch.descend(patch.root(), place.member), place.element);
    return patch.finish();
}

const Jsonb *set_in_element(const Jsonb *target, const Match &match, Path path, const Value &value) {
    Place place;
    if (!find(target, match, &place))
        return target;
    Patch patch(target);
    path.base = "matched element";
    set_path(patch, patch.descend(patch.descend(patch.root(), place.member), place.element), path, value);
    return patch.finish();
}

const Jsonb *merge_elements(const Jsonb *target, Key array_key, Key key, Container updates) {
    check_match_key(key);
    UpdateTable const table(updates);
    uint32 member;
    Container array;
    if (!find_array(target, "target", array_key, &member, &array) || table.values() == 0)
        return target;
    Patch patch(target);
    Plan *const plan = patch.descend(patch.root(), member);
    uint32 open = table.values();
    struct {
        const UpdateTable &table;
        Update *update;

        static void learn(const Like &) noexcept {}
        static bool excludes(Container) noexcept { return false; }
        bool operator()(const Keyed &keyed) {
            update = table.find(keyed.value());
            return update != nullptr && !update->done;
        }
    } wanted = {table, nullptr};
    each_keyed(array, key, wanted, [&](const Keyed &keyed) {
        Update *update = wanted.update;
        update->done = true;
        Plan *const inside = patch.descend(plan, keyed.index);
        for (; update != nullptr; update = update->next)
            merge(patch, inside, update->updates, Depth::shallow);
        return --open == 0;
    });
    return patch.finish();
}

const Jsonb *insert_element(const Jsonb *target, Key array_key, const Value &element, Key key, Order order) {
    uint32 member;
    Container array;
    Patch patch(target);
    if (!find_array(target, "target", array_key, &member, &array)) {
        patch.insert(patch.create(patch.root(), array_key, JB_FARRAY), 0, element);
        return patch.finish();
    }
    uint32 const position =
        order == Order::none ? array.count() : sorted_position(array, element, key, order);
    patch.insert(patch.descend(patch.root(), member), position, element);
    return patch.finish();
}

} // namespace tviews::patch
