// patch/merge.cpp - merges the members of one object into another.
//
// Both objects have their keys in the same order, so one forward search over the target finds the places of all source
// members, and the edits come in order. Members with the same bytes on both sides are no edits.
#include "patch/patch.hpp"

namespace tviews::patch {

void merge(Patch &patch, Plan *plan, Container source, Depth depth) {
    check_stack_depth();
    uint32 const count = source.count();
    if (count == 0)
        return;
    bool const untouched = plan->first == nullptr;
    KeySearch search(plan->source);
    uint32 key_start = 0, value_start = source.start(count);
    for (uint32 i = 0; i < count; i++) {
        uint32 const key_end = source.end(i, key_start);
        Key const key = {source.data() + key_start, key_end - key_start};
        Value const value = source.child(count + i, value_start);
        key_start = key_end;
        value_start = source.end(count + i, value_start);

        bool const found = search.find(key);
        Value old = {};
        bool exists = found;
        if (found && untouched)
            old = plan->source.value(search.index());
        else if (!untouched)
            exists = patch.member(plan, key, &old);
        if (exists && depth == Depth::deep && old.is_object() && value.is_object()) {
            if (untouched && same_image(old, value))
                continue;
            merge(patch, patch.descend(plan, key), Container(value.bytes), depth);
        } else if (found)
            patch.replace(plan, search.index(), value);
        else
            patch.set(plan, key, value);
    }
}

} // namespace tviews::patch
