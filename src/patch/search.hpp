// patch/search.hpp - walks the elements of an array that have a certain member (elements.cpp).
//
// The arrays that TVIEWs hold are made by aggregation: their elements have the same keys. So the search remembers where
// the key was in the last element it searched: where the lengths of the keys are the same, it can only be there, or, if
// other keys are as long, beside it. Values are compared first, keys only where values are equal. An element that is
// passed over costs some 60 instructions; jsonb_delta's time on large documents is this and copying them.
#pragma once

#include "patch/patch.hpp"
#include "patch/values.hpp"

namespace tviews::patch {

using FourEntries = uint32 __attribute__((vector_size(16)));
using TwoHalves = uint64 __attribute__((vector_size(16)));

// Where an element has the value of the key that is searched for.
struct Keyed {
    uint32 index; // of the element
    Container element;
    const char *data; // of the element
    uint32 child, start;

    uint32 type() const noexcept { return element.entry(child) & JENTRY_TYPEMASK; }
    Value value() const noexcept {
        uint32 const finish = element.end(child, start);
        uint32 const begin =
            is_aligned_type(element.entry(child)) ? static_cast<uint32>(align4(start)) : start;
        return {type(), data + begin, finish - begin};
    }
};

// The last element in which the key was searched for.
class Like {
  public:
    explicit Like(Key key) noexcept : key_(key) {}

    // The header and the entries of the keys are the same. (A header is never 0.)
    bool same_lengths(Container element) const noexcept {
        if (element.header() != header_)
            return false;
        const uint32 *const words = element.entries();
        if (pairs_ < 4) {
            for (uint32 i = 0; i < pairs_; i++)
                if (words[i] != entries_[i])
                    return false;
            return true;
        }
        auto const difference = [&](uint32 from) {
            FourEntries mine, other;
            memcpy(&mine, entries_ + from, sizeof(mine));
            memcpy(&other, words + from, sizeof(other));
            return mine ^ other;
        };
        FourEntries all = difference(0) | difference(pairs_ - 4);
        for (uint32 i = 4; i + 4 < pairs_; i += 4)
            all |= difference(i);
        auto const halves = reinterpret_cast<TwoHalves>(all);
        return (halves[0] | halves[1]) == 0;
    }
    // Of elements with the same lengths: no other key is as long.
    bool only() const noexcept { return only_; }
    bool has_key(Container element) const noexcept {
        return same_bytes(data(element) + key_start_, key_.bytes, key_.length);
    }

    // False: the element does not have the key.
    bool search(Container element) noexcept {
        if (!element.is_object())
            return false;
        KeySearch search(element);
        if (!search.find(key_))
            return false;
        header_ = element.header();
        entries_ = element.entries();
        pairs_ = element.count();
        position_ = search.index();
        key_start_ = element.start(position_);
        values_start_ = element.end(pairs_ - 1);
        only_ = (position_ == 0 || element.key(position_ - 1).length != key_.length) &&
                (position_ + 1 == pairs_ || element.key(position_ + 1).length != key_.length);
        return true;
    }

    // The value of the key, that of the first one, starts in all elements with the same lengths at this place.
    bool first(uint32 *child, uint32 *start) const noexcept {
        *child = pairs_;
        *start = values_start_;
        return only_ && position_ == 0;
    }

    Keyed place(uint32 index, Container element) const noexcept {
        Keyed result = {index, element, data(element), pairs_, values_start_};
        for (; result.child < pairs_ + position_; result.child++)
            result.start = element.end(result.child, result.start);
        return result;
    }

  private:
    const char *data(Container element) const noexcept {
        return reinterpret_cast<const char *>(element.entries() + 2 * pairs_);
    }

    Key key_;
    uint32 header_ = 0;
    const uint32 *entries_ = nullptr;
    uint32 pairs_ = 0, position_ = 0, key_start_ = 0, values_start_ = 0;
    bool only_ = false;
};

// Calls visit(Keyed) for the elements that are objects with a member `key` whose place passes test(Keyed), until it
// returns true. The test must have no effects: an element may turn out not to have the key. excludes(element): false, or
// the test would fail in this element, which has the same lengths as the last one given to learn().
template <typename Test, typename Visit>
void each_keyed(Container array, Key key, Test &test, Visit &&visit) {
    uint32 const count = array.count();
    const uint32 *const entries = array.entries();
    const char *const data = array.data();
    uint32 offset = 0;
    Like like(key);
    for (uint32 i = 0; i < count; i++) {
        uint32 const start = offset, entry = entries[i];
        offset = start + (entry & JENTRY_OFFLENMASK);
        if ((entry & ~JENTRY_OFFLENMASK) != JENTRY_ISCONTAINER) {
            if ((entry & JENTRY_HAS_OFF) != 0) {
                CHECK_FOR_INTERRUPTS();
                offset = entry & JENTRY_OFFLENMASK;
            }
            if ((entry & JENTRY_TYPEMASK) != JENTRY_ISCONTAINER)
                continue;
        }
        Container const element(data + align4(start));
        bool same = like.same_lengths(element);
        if (same && test.excludes(element))
            continue;
        same = same && (like.only() || like.has_key(element));
        if (!same) {
            if (!like.search(element))
                continue;
            test.learn(like);
        }
        Keyed const found = like.place(i, element);
        if (test(found) && like.has_key(element) && visit(found))
            return;
    }
}

// Is a value equal to the one that is sought? Where the key is the first one, most others are told by their length or by
// eight bytes, of a numeric its sign, weight and first digit.
class Sought {
  public:
    explicit Sought(const Value &wanted) noexcept
        : wanted_(wanted), alignment_(is_aligned_type(wanted.type) ? 3 : 0), other_length_(wanted.length) {
        bool const numeric = wanted.type == JENTRY_ISNUMERIC;
        bool is_short = false;
        if (numeric) {
            uint16 form;
            memcpy(&form, wanted.bytes + VARHDRSZ, sizeof(form));
            is_short = (form & form_mask) == form_short;
            other_length_ += is_short ? sizeof(uint16) : 0 - sizeof(uint16); // in the other form
        }
        if (wanted.length < sizeof(head_) || !(numeric || wanted.type == JENTRY_ISSTRING))
            return;
        memcpy(&head_, wanted.bytes, sizeof(head_));
        mask_ = ~uint64{0};
        if (numeric) {
            uint16 const kept = is_short ? static_cast<uint16>(~short_decimals_mask) : 0;
            memcpy(reinterpret_cast<char *>(&mask_) + VARHDRSZ, &kept, sizeof(kept));
        }
    }

    void learn(const Like &like) noexcept {
        uint32 start;
        quick_ = like.first(&child_, &start) && mask_ != 0;
        begin_ = (start + alignment_) & ~alignment_;
        expected_ = wanted_.type | (begin_ - start + wanted_.length);
        other_ = wanted_.type | (begin_ - start + other_length_);
        begin_ += 2 * child_ * sizeof(uint32);
    }
    bool excludes(Container element) const noexcept {
        if (!quick_)
            return false;
        uint32 const entry = element.entry(child_);
        if (entry != expected_)
            return entry != other_ && (entry & JENTRY_HAS_OFF) == 0;
        uint64 head;
        memcpy(&head, reinterpret_cast<const char *>(element.entries()) + begin_, sizeof(head));
        return ((head ^ head_) & mask_) != 0;
    }

    bool operator()(const Keyed &keyed) const {
        uint32 const entry = keyed.element.entry(keyed.child);
        if ((entry & JENTRY_TYPEMASK) != wanted_.type)
            return false;
        uint32 const begin = (keyed.start + alignment_) & ~alignment_;
        uint32 const length = keyed.element.end(keyed.child, keyed.start) - begin;
        if (length != wanted_.length && length != other_length_ && wanted_.type != JENTRY_ISCONTAINER)
            return false;
        return equal_values({wanted_.type, keyed.data + begin, length}, wanted_);
    }

  private:
    Value wanted_;
    uint32 alignment_;           // less one
    uint32 other_length_;        // that an equal value may have
    uint64 head_ = 0, mask_ = 0; // 0: eight bytes do not tell
    // Where the value of the first key is: its entry, and its bytes from the element's entries on.
    bool quick_ = false;
    uint32 child_ = 0, begin_ = 0;
    uint32 expected_ = 0, other_ = 0; // the entry of an equal value
};

} // namespace tviews::patch
