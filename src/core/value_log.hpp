// core/value_log.hpp - an append-only set of values that can be rolled back to any earlier mark.
//
// The transaction's queue keeps one per TVIEW (keys) and two per edge (W and R); a flush uses it as a working set.
// Every entry has an index. Three positions order them: entries below `base` are done for good, entries below
// `flushed` have been flushed but may have to be flushed again (REPEATABLE READ), the others are pending. A value
// that is pending is not added twice. rollback_to() cuts off what came later and moves the positions back, so entries
// flushed since the mark are pending again: that is the whole of ROLLBACK TO SAVEPOINT.
//
// A value is a number (one pass-by-value column) or a byte string (an encoded tuple); "all" is one more value. The hash
// index is an array of chain heads; chains run from younger to older, so cutting off the youngest entries restores
// it exactly. 16 bytes an entry plus 4 to 8 for the index. Allocates with A (a memory context in the backend).
#pragma once

#include "core/error.hpp"
#include "core/hash.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace tviews::core {

template <template <typename> class A> class ValueLog {
  public:
    struct Mark {
        std::uint32_t size = 0;
        std::uint32_t flushed = 0;
        std::uint32_t base = 0;
    };

    struct View {
        bool is_all;
        bool is_number;
        std::int64_t number;        // is_number
        const unsigned char *bytes; // otherwise; valid until the next add
        std::uint32_t length;
    };

    // Each returns whether the value was not pending before. Nothing is added while "all" is pending.
    bool add(std::int64_t number) {
        return append(static_cast<std::uint64_t>(number), number_kind, nullptr,
                      mix(static_cast<std::uint64_t>(number)));
    }
    bool add(const void *bytes, std::size_t length) {
        if (length >= all_kind)
            throw Error("value too long");
        auto const *start = static_cast<const unsigned char *>(bytes);
        return append(0, static_cast<std::uint32_t>(length), start, hash_bytes(start, length));
    }
    bool add_all() { return append(0, all_kind, nullptr, mix(all_kind)); }
    bool add(const View &view) {
        if (view.is_all)
            return add_all();
        return view.is_number ? add(view.number) : add(view.bytes, view.length);
    }

    std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(entries_.size()); }
    std::uint32_t flushed() const noexcept { return flushed_; }
    std::uint32_t base() const noexcept { return base_; }
    std::uint32_t pending() const noexcept { return size() - flushed_; }
    bool all_pending() const noexcept { return all_at_ > flushed_; }

    View operator[](std::uint32_t index) const noexcept {
        Entry const &entry = entries_[index];
        if (entry.kind == number_kind)
            return {false, true, static_cast<std::int64_t>(entry.payload), nullptr, 0};
        if (entry.kind == all_kind)
            return {true, false, 0, nullptr, 0};
        return {false, false, 0, arena_.data() + entry.payload, entry.kind};
    }

    // Entries below `size` count as flushed; with `forget` they will not be flushed again either.
    void flush_to(std::uint32_t size, bool forget) noexcept {
        if (size > flushed_)
            flushed_ = size;
        if (forget && size > base_)
            base_ = size;
    }
    // Everything that is not done for good is pending again.
    void revive() noexcept { flushed_ = base_; }

    Mark mark() const noexcept { return {size(), flushed_, base_}; }
    void rollback_to(const Mark &mark) noexcept {
        while (entries_.size() > mark.size) {
            std::uint32_t const last = size() - 1;
            Entry const &entry = entries_[last];
            heads_[bucket(hash_of(entry))] = entry.previous;
            if (entry.kind < all_kind)
                arena_.resize(entry.payload);
            entries_.pop_back();
        }
        if (flushed_ > mark.flushed)
            flushed_ = mark.flushed;
        if (base_ > mark.base)
            base_ = mark.base;
        if (all_at_ > size())
            find_all();
    }

    // Forgets everything and gives the memory back. No mark may be outstanding.
    void clear() noexcept {
        entries_ = decltype(entries_)(entries_.get_allocator());
        heads_ = decltype(heads_)(heads_.get_allocator());
        arena_ = decltype(arena_)(arena_.get_allocator());
        flushed_ = base_ = all_at_ = 0;
    }

    std::size_t memory() const noexcept {
        return entries_.capacity() * sizeof(Entry) + heads_.capacity() * sizeof(std::uint32_t) +
               arena_.capacity();
    }

  private:
    static constexpr std::uint32_t number_kind = 0xffffffffU; // other kinds are lengths of byte strings
    static constexpr std::uint32_t all_kind = 0xfffffffeU;
    static constexpr std::uint32_t max_entries = 0xfffffff0U;

    struct Entry {
        std::uint64_t payload; // the number, or where the bytes start in the arena
        std::uint32_t kind;
        std::uint32_t previous; // index + 1 of the next older entry of the same bucket; 0 ends the chain
    };

    std::size_t bucket(std::uint64_t hash) const noexcept { return hash & (heads_.size() - 1); }

    std::uint64_t hash_of(const Entry &entry) const noexcept {
        if (entry.kind == number_kind)
            return mix(entry.payload);
        if (entry.kind == all_kind)
            return mix(all_kind);
        return hash_bytes(arena_.data() + entry.payload, entry.kind);
    }

    bool same(const Entry &entry, std::uint64_t payload, std::uint32_t kind,
              const unsigned char *bytes) const noexcept {
        if (entry.kind != kind)
            return false;
        if (kind == number_kind)
            return entry.payload == payload;
        return kind == all_kind || kind == 0 || std::memcmp(arena_.data() + entry.payload, bytes, kind) == 0;
    }

    bool append(std::uint64_t payload, std::uint32_t kind, const unsigned char *bytes, std::uint64_t hash) {
        if (all_pending())
            return false;
        if (!heads_.empty())
            for (std::uint32_t at = heads_[bucket(hash)]; at > flushed_; at = entries_[at - 1].previous)
                if (same(entries_[at - 1], payload, kind, bytes))
                    return false;
        if (entries_.size() >= max_entries)
            throw Error("too many values in one transaction");
        if (entries_.size() >= heads_.size())
            rehash();
        std::size_t const arena = arena_.size();
        if (bytes != nullptr)
            arena_.insert(arena_.end(), bytes, bytes + kind);
        std::uint32_t &head = heads_[bucket(hash)];
        entries_.push_back({kind < all_kind ? arena : payload, kind, head});
        head = size();
        if (kind == all_kind)
            all_at_ = size();
        return true;
    }

    void rehash() {
        std::size_t const buckets = heads_.empty() ? 16 : heads_.size() * 2;
        heads_.assign(buckets, 0);
        for (std::uint32_t i = 0; i < size(); i++) {
            std::uint32_t &head = heads_[bucket(hash_of(entries_[i]))];
            entries_[i].previous = head;
            head = i + 1;
        }
    }

    void find_all() noexcept {
        all_at_ = 0;
        if (heads_.empty())
            return;
        for (std::uint32_t at = heads_[bucket(mix(all_kind))]; at > 0; at = entries_[at - 1].previous)
            if (entries_[at - 1].kind == all_kind) {
                all_at_ = at;
                return;
            }
    }

    std::vector<Entry, A<Entry>> entries_;
    std::vector<std::uint32_t, A<std::uint32_t>> heads_;
    std::vector<unsigned char, A<unsigned char>> arena_;
    std::uint32_t flushed_ = 0;
    std::uint32_t base_ = 0;
    std::uint32_t all_at_ = 0; // index + 1 of the youngest "all"
};

} // namespace tviews::core
