// types.hpp - the column types the oracle uses, their traits, and random values of each.
//
// Values are kept as the text of the type's input function, so that the same value serves INSERT, COPY and literals
// in a definition. The domains are small on purpose: joins must hit, groups must collide, updates must be no-ops.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rng.hpp"

namespace oracle {

enum class Type {
    int2,
    int4,
    int8,
    numeric,
    price,
    text,
    varchar,
    date,
    timestamptz,
    boolean,
    uuid,
    mood,
    int4_array,
    text_array,
    jsonb,
    int4range,
    dom_small,
    dom_code,
    float8,
    json,
    bit4,
    pair,
    interval,
    bytea,
    ci_text // under a nondeterministic collation: 'a' equals 'A'
};

enum class Family {
    integer,
    numeric,
    text,
    date,
    timestamp,
    boolean,
    uuid,
    enumeration,
    int_array,
    text_array,
    jsonb,
    range,
    other
};

struct TypeInfo {
    const char *name; // SQL name
    Family family;
    bool equality;     // has an equality operator
    bool order;        // has a btree operator class
    bool image_stable; // equal values are identical in every byte: safe under DISTINCT, GROUP BY, min, UNION
};

const TypeInfo &info(Type type);

using Value = std::optional<std::string>; // nullopt is NULL

Value random_value(Rng &rng, Type type, int null_percent);
std::string quote(std::string_view text);           // 'text', with quotes doubled
std::string identifier(std::string_view name);      // quoted only when it has to be
std::string literal(const Value &value, Type type); // with its type, for expressions
std::string plain_literal(const Value &value);      // untyped, for a column of known type
std::string copy_field(const Value &value);         // COPY text format
std::string random_literal(Rng &rng, Type type);    // a typed literal, never NULL

inline bool is_family(Type type, Family family) { return info(type).family == family; }

} // namespace oracle
