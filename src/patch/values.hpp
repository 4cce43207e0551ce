// patch/values.hpp - comparing and hashing jsonb values where they lie; their equality and order are in patch.hpp.
//
// Numerics: PostgreSQL keeps the base-10000 digits of a numeric without zeros at either end, so two are equal if sign,
// weight and digits are, whatever number of decimals they display.
#pragma once

#include "patch/container.hpp"

namespace tviews::patch {

// The stored form of numerics (numeric.c): a header word in the short form (one word: sign, decimals, weight) or the
// long form (sign and decimals, then the weight), then the digits.
constexpr uint16 form_mask = 0xC000, form_short = 0x8000, form_special = 0xC000;
constexpr uint16 long_negative = 0x4000, short_negative = 0x2000;
constexpr uint16 short_weight_mask = 0x003F, short_weight_sign = 0x0040, short_decimals_mask = 0x1F80;

// Of any forms.
bool equal_digits(const Value &a, const Value &b) noexcept;

// Inline for the short form, which nearly all ids have.
inline bool equal_numerics(const Value &a, const Value &b) noexcept {
    uint16 first, second;
    memcpy(&first, a.bytes + VARHDRSZ, sizeof(first));
    memcpy(&second, b.bytes + VARHDRSZ, sizeof(second));
    if ((first & form_mask) != form_short || (second & form_mask) != form_short)
        return equal_digits(a, b);
    return a.length == b.length && ((first ^ second) & ~short_decimals_mask) == 0 &&
           same_bytes(a.bytes + VARHDRSZ + 2, b.bytes + VARHDRSZ + 2, a.length - VARHDRSZ - 2);
}

// Equal values (equal_values) have equal hashes.
uint32 hash_value(const Value &value) noexcept;

} // namespace tviews::patch
