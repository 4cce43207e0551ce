// core/hash.hpp - mixing of hashes: a finalizer, combining, and byte strings.
//
// Used by the value log, and for lock tags made of several columns. Not for hash values that meet PostgreSQL's own:
// those come from the type's hash functions and are only combined here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace tviews::core {

// The finalizer of MurmurHash3: every input bit reaches every output bit.
constexpr std::uint64_t mix(std::uint64_t value) noexcept {
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdULL;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53ULL;
    value ^= value >> 33;
    return value;
}

// Order matters: combine(combine(s, a), b) differs from combine(combine(s, b), a).
constexpr std::uint64_t combine(std::uint64_t seed, std::uint64_t value) noexcept {
    return mix(seed * 0x9e3779b97f4a7c15ULL + value + 1);
}

inline std::uint64_t hash_bytes(const unsigned char *bytes, std::size_t length) noexcept {
    std::uint64_t hash = length;
    while (length >= 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes, 8);
        hash = combine(hash, word);
        bytes += 8;
        length -= 8;
    }
    if (length > 0) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes, length);
        hash = combine(hash, word);
    }
    return hash;
}

} // namespace tviews::core
