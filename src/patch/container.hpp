// patch/container.hpp - reads a jsonb value in its stored form, without decoding it.
//
// A Container is a view on an object, an array or the one-element array of a raw scalar: a header word, one entry word
// per child (objects: all keys, then all values), then the children's bytes. An entry holds the child's type and either
// its length or, where HAS_OFF is set, the offset of its end. Offsets count from the first byte of data and every
// container starts 4-aligned, so a subtree's bytes mean the same wherever they are copied to, as long as that is
// 4-aligned as well. Nothing here allocates; views live as long as the datum they look into.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace tviews::patch {

// Offsets in a jsonb value are aligned relative to the value's own start.
constexpr std::size_t align4(std::size_t offset) noexcept { return (offset + 3) & ~std::size_t{3}; }

constexpr bool is_aligned_type(uint32 entry) noexcept {
    uint32 const type = entry & JENTRY_TYPEMASK;
    return type == JENTRY_ISNUMERIC || type == JENTRY_ISCONTAINER;
}

// memcmp() == 0, inline for the short texts that keys and ids are.
inline bool same_bytes(const char *a, const char *b, uint32 length) noexcept {
    auto const differ = [&](auto word, uint32 offset) {
        auto other = word;
        memcpy(&word, a + offset, sizeof(word));
        memcpy(&other, b + offset, sizeof(other));
        return word != other;
    };
    if (length > 16)
        return !differ(uint64{}, 0) && memcmp(a + 8, b + 8, length - 8) == 0;
    if (length >= 8)
        return !differ(uint64{}, 0) && !differ(uint64{}, length - 8);
    if (length >= 4)
        return !differ(uint32{}, 0) && !differ(uint32{}, length - 4);
    if (length >= 2)
        return !differ(uint16{}, 0) && !differ(uint16{}, length - 2);
    return length == 0 || *a == *b;
}

// An object key. Not null-terminated.
struct Key {
    const char *bytes;
    uint32 length;

    bool operator==(const Key &other) const noexcept {
        return length == other.length && same_bytes(bytes, other.bytes, length);
    }
};

// The order of keys in an object: by length first, then by bytes.
inline int compare_keys(Key a, Key b) noexcept {
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return memcmp(a.bytes, b.bytes, a.length);
}

// A child's type (JENTRY_IS...) and bytes without the padding in front of them. Strings are not null-terminated;
// numerics are complete varlenas; containers start with their header. null, true and false have no bytes.
struct Value {
    uint32 type;
    const char *bytes;
    uint32 length;

    bool is_container() const noexcept { return type == JENTRY_ISCONTAINER; }
    inline bool is_object() const noexcept;
    inline bool is_array() const noexcept;
};

// The same bytes, hence the same value with the same number of decimals. Equal values may differ in bytes (1, 1.0).
inline bool same_image(const Value &a, const Value &b) noexcept {
    return a.type == b.type && a.length == b.length &&
           (a.length == 0 || memcmp(a.bytes, b.bytes, a.length) == 0);
}

class Container {
  public:
    Container() noexcept : words_(nullptr) {}
    explicit Container(const void *header) noexcept : words_(static_cast<const uint32 *>(header)) {}
    explicit Container(const Jsonb *document) noexcept : Container(&document->root) {}

    uint32 header() const noexcept { return words_[0]; }
    uint32 kind() const noexcept { return words_[0] & (JB_FOBJECT | JB_FARRAY | JB_FSCALAR); }
    bool is_object() const noexcept { return (words_[0] & JB_FOBJECT) != 0; }
    bool is_scalar() const noexcept { return (words_[0] & JB_FSCALAR) != 0; }
    // An array proper, not the disguise of a raw scalar.
    bool is_array() const noexcept { return kind() == JB_FARRAY; }
    // Elements of an array, pairs of an object.
    uint32 count() const noexcept { return words_[0] & JB_CMASK; }
    // Children: an object's keys and values are counted apart.
    uint32 children() const noexcept { return is_object() ? 2 * count() : count(); }

    uint32 entry(uint32 child) const noexcept { return words_[1 + child]; }
    const uint32 *entries() const noexcept { return words_ + 1; }
    const char *data() const noexcept { return reinterpret_cast<const char *>(words_ + 1 + children()); }

    // Where the child ends, and where it starts including its padding.
    uint32 end(uint32 child) const noexcept {
        uint32 sum = 0;
        for (uint32 i = child;; i--) {
            sum += entry(i) & JENTRY_OFFLENMASK;
            if ((entry(i) & JENTRY_HAS_OFF) != 0 || i == 0)
                return sum;
        }
    }
    uint32 start(uint32 child) const noexcept { return child == 0 ? 0 : end(child - 1); }
    uint32 end(uint32 child, uint32 start_offset) const noexcept {
        uint32 const number = entry(child) & JENTRY_OFFLENMASK;
        return (entry(child) & JENTRY_HAS_OFF) != 0 ? number : start_offset + number;
    }

    Value child(uint32 index, uint32 start_offset) const noexcept {
        uint32 const finish = end(index, start_offset);
        uint32 const begin =
            is_aligned_type(entry(index)) ? static_cast<uint32>(align4(start_offset)) : start_offset;
        return {entry(index) & JENTRY_TYPEMASK, data() + begin, finish - begin};
    }
    Value child(uint32 index) const noexcept { return child(index, start(index)); }

    // The element of an array or the value of an object's pair.
    Value value(uint32 index) const noexcept { return child(is_object() ? count() + index : index); }
    Key key(uint32 index) const noexcept {
        uint32 const from = start(index);
        return {data() + from, end(index, from) - from};
    }

  private:
    const uint32 *words_;
};

inline bool Value::is_object() const noexcept { return is_container() && Container(bytes).is_object(); }
inline bool Value::is_array() const noexcept { return is_container() && Container(bytes).is_array(); }

// What a whole document is as a value to put somewhere: a raw scalar is taken out of its one-element array.
inline Value value_of(const Jsonb *document) noexcept {
    Container const root(document);
    if (root.is_scalar())
        return root.child(0);
    return {JENTRY_ISCONTAINER, reinterpret_cast<const char *>(&document->root),
            static_cast<uint32>(VARSIZE(document) - VARHDRSZ)};
}

// Finds keys of one object. Keys must be asked for in ascending order (compare_keys): the search goes on from where
// the last one ended, so a merge of two objects reads the keys of each once.
class KeySearch {
  public:
    explicit KeySearch(Container object) noexcept : object_(object) {}

    // True: the object has the key, at index(). False: it would stand before index().
    bool find(Key key) noexcept {
        if (object_.count() - index_ > linear_limit)
            skip_by_halves(key);
        while (index_ < object_.count()) {
            uint32 const finish = object_.end(index_, offset_);
            uint32 const length = finish - offset_;
            if (length > key.length)
                return false;
            if (length == key.length) {
                int const order = memcmp(object_.data() + offset_, key.bytes, length);
                if (order == 0)
                    return true;
                if (order > 0)
                    return false;
            }
            index_++;
            offset_ = finish;
        }
        return false;
    }
    uint32 index() const noexcept { return index_; }

  private:
    // Below this a walk over the entries, which mostly compares lengths only, is faster than halving.
    static constexpr uint32 linear_limit = 48;

    void skip_by_halves(Key key) noexcept {
        uint32 low = index_, high = object_.count();
        while (high - low > linear_limit / 4) {
            uint32 const middle = low + (high - low) / 2;
            if (compare_keys(object_.key(middle), key) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        if (low != index_) {
            index_ = low;
            offset_ = object_.start(low);
        }
    }

    Container object_;
    uint32 index_ = 0;
    uint32 offset_ = 0;
};

} // namespace tviews::patch
