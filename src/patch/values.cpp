// patch/values.cpp - equality and order of jsonb values, as core's = and btree comparison have them.
#include "patch/values.hpp"

#include "patch/patch.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "utils/fmgrprotos.h"
#include "utils/varlena.h"
}

namespace tviews::patch {

namespace {

struct Digits {
    int32 weight;
    uint32 length; // bytes of digits
    const char *digits;
    uint16 sign; // 0, 1, or the header word of NaN and infinities
};

Digits digits_of(const Value &numeric) noexcept {
    const char *const bytes = numeric.bytes + VARHDRSZ;
    uint32 const length = numeric.length - VARHDRSZ;
    uint16 header;
    memcpy(&header, bytes, sizeof(header));
    if ((header & form_mask) == form_special)
        return {0, 0, nullptr, header};
    if ((header & form_mask) == form_short) {
        int32 weight = header & short_weight_mask;
        if ((header & short_weight_sign) != 0)
            weight -= short_weight_mask + 1;
        return {weight, length - 2, bytes + 2, (header & short_negative) != 0};
    }
    int16 weight;
    memcpy(&weight, bytes + 2, sizeof(weight));
    return {weight, length - 4, bytes + 4, (header & form_mask) == long_negative};
}

// A scalar as a document of its own, for core's comparison; containers are compared in place.
JsonbContainer *as_root(const Value &value) {
    if (value.is_container())
        return reinterpret_cast<JsonbContainer *>(const_cast<char *>(value.bytes));
    auto *const words = static_cast<uint32 *>(palloc(2 * sizeof(uint32) + value.length));
    words[0] = JB_FARRAY | JB_FSCALAR | 1;
    words[1] = value.type | JENTRY_HAS_OFF | value.length;
    if (value.length > 0)
        memcpy(words + 2, value.bytes, value.length);
    return reinterpret_cast<JsonbContainer *>(words);
}

} // namespace

bool equal_digits(const Value &a, const Value &b) noexcept {
    Digits const x = digits_of(a), y = digits_of(b);
    return x.sign == y.sign && x.length == y.length && (x.length == 0 || x.weight == y.weight) &&
           (x.length == 0 || memcmp(x.digits, y.digits, x.length) == 0);
}

bool equal_values(const Value &a, const Value &b) {
    if (a.type != b.type)
        return false;
    switch (a.type) {
    case JENTRY_ISSTRING:
        return same_image(a, b);
    case JENTRY_ISNUMERIC:
        return equal_numerics(a, b);
    case JENTRY_ISCONTAINER:
        return same_image(a, b) || compareJsonbContainers(as_root(a), as_root(b)) == 0;
    default:
        return true;
    }
}

int compare_values(const Value &a, const Value &b) {
    if (a.type == JENTRY_ISSTRING && b.type == JENTRY_ISSTRING)
        return varstr_cmp(a.bytes, static_cast<int>(a.length), b.bytes, static_cast<int>(b.length),
                          DEFAULT_COLLATION_OID);
    if (a.type == JENTRY_ISNUMERIC && b.type == JENTRY_ISNUMERIC)
        return DatumGetInt32(
            DirectFunctionCall2(numeric_cmp, PointerGetDatum(a.bytes), PointerGetDatum(b.bytes)));
    return compareJsonbContainers(as_root(a), as_root(b));
}

uint32 hash_value(const Value &value) noexcept {
    auto const hash = [](const char *bytes, uint32 length) {
        return hash_bytes(reinterpret_cast<const unsigned char *>(bytes), static_cast<int>(length));
    };
    switch (value.type) {
    case JENTRY_ISSTRING:
        return hash(value.bytes, value.length);
    case JENTRY_ISNUMERIC: {
        Digits const digits = digits_of(value);
        if (digits.length == 0)
            return digits.sign;
        return hash(digits.digits, digits.length) + static_cast<uint32>(digits.weight) * 31 + digits.sign;
    }
    case JENTRY_ISCONTAINER:
        return Container(value.bytes).children(); // equal containers have equally many
    default:
        return value.type;
    }
}

const char *kind_name(const Value &value) noexcept {
    switch (value.type) {
    case JENTRY_ISSTRING:
        return "a string";
    case JENTRY_ISNUMERIC:
        return "a number";
    case JENTRY_ISBOOL_FALSE:
    case JENTRY_ISBOOL_TRUE:
        return "a boolean";
    case JENTRY_ISNULL:
        return "null";
    default:
        return value.is_object() ? "an object" : "an array";
    }
}

void raise_kind(const char *what, const Value &found, const char *needed, const char *hint) {
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("%s is %s, not %s", what, kind_name(found), needed),
            hint == nullptr ? 0 : errhint("%s", hint));
    pg_unreachable();
}

} // namespace tviews::patch
