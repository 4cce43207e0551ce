// types.cpp - the table of types and the small domains their values come from. See types.hpp.

#include "types.hpp"

#include <array>
#include <set>

#include <fmt/format.h>

namespace oracle {

namespace {

constexpr std::array<TypeInfo, 25> type_table{{
    {"smallint", Family::integer, true, true, true},
    {"integer", Family::integer, true, true, true},
    {"bigint", Family::integer, true, true, true},
    {"numeric", Family::numeric, true, true, false},
    {"numeric(10,2)", Family::numeric, true, true, true},
    {"text", Family::text, true, true, true},
    {"varchar(40)", Family::text, true, true, true},
    {"date", Family::date, true, true, true},
    {"timestamptz", Family::timestamp, true, true, true},
    {"boolean", Family::boolean, true, true, true},
    {"uuid", Family::uuid, true, true, true},
    {"mood", Family::enumeration, true, true, true},
    {"integer[]", Family::int_array, true, true, true},
    {"text[]", Family::text_array, true, true, true},
    {"jsonb", Family::jsonb, true, true, false},
    {"int4range", Family::range, true, true, true},
    {"dom_small", Family::integer, true, true, true},
    {"dom_code", Family::text, true, true, true},
    {"double precision", Family::other, true, true, false},
    {"json", Family::other, false, false, false},
    {"bit(4)", Family::other, true, true, true},
    {"pair", Family::other, true, true, true},
    {"interval", Family::other, true, true, false},
    {"bytea", Family::other, true, true, true},
    {"text COLLATE ci", Family::text, true, true, false},
}};

std::string long_text(Rng &rng) { // long enough to be toasted, different enough to be told apart
    std::string text;
    const int words = rng.between(300, 900);
    for (int i = 0; i < words; ++i)
        text += fmt::format("{:08x}", rng.next() & 0xffffffffU);
    return text;
}

std::string raw_value(Rng &rng, Type type) {
    switch (type) {
    case Type::int2:
    case Type::int4:
    case Type::int8:
        return std::to_string(rng.chance(85) ? rng.between(0, 5)
                                             : rng.pick({-1, 7, 12, 13, 100, 999, 32767}));
    case Type::dom_small:
        return std::to_string(rng.chance(90) ? rng.between(0, 4) : rng.pick({-3, 99, 1000}));
    case Type::numeric:
        return rng.pick(
            {"0", "1", "1.0", "1.00", "2.5", "2.50", "-3.25", "10", "0.1", "100000000000000000000.5"});
    case Type::price:
        return rng.pick({"0", "1", "1.5", "2.25", "-4", "19.99", "100"});
    case Type::text:
        if (rng.chance(2))
            return long_text(rng);
        return rng.pick({"a", "b", "A", "B", "ab", "", "Zoe", "x'y", "a b", "ab%", "ünï", "c1", "c2",
                         "back\\slash", "tab\tin"});
    case Type::ci_text:
        return rng.pick({"a", "A", "b", "B", "Ab", "aB", "c1", "C1"});
    case Type::varchar:
        return rng.pick({"a", "b", "A", "B", "c1", "c2", "c3", "Zoe"});
    case Type::dom_code:
        return rng.pick({"a", "b", "A", "c1", "c2", "c3", "c4"});
    case Type::date:
        return rng.pick({"2024-01-01", "2024-01-02", "2024-02-29", "2023-12-31", "2025-06-15"});
    case Type::timestamptz:
        return rng.pick({"2024-01-01 00:00:00+00", "2024-01-01 12:30:00+00", "2024-06-30 23:59:59.123456+00",
                         "2023-03-26 01:30:00+00", "2025-01-01 00:00:00+02"});
    case Type::boolean:
        return rng.chance(50) ? "true" : "false";
    case Type::uuid:
        return fmt::format("00000000-0000-4000-8000-{:012x}", rng.below(1 << 20));
    case Type::mood:
        return rng.pick({"sad", "ok", "happy"});
    case Type::int4_array:
        return rng.pick({"{}", "{1}", "{1,2}", "{2,1}", "{3,NULL}", "{1,2,3,4}", "{5,5}"});
    case Type::text_array:
        return rng.pick({"{}", "{a}", "{a,b}", "{b,a}", "{NULL,c1}", "{\"x,y\",A}", "{c1,c2,c3}"});
    case Type::jsonb:
        if (rng.chance(2))
            return "{\"a\": \"" + long_text(rng) + "\"}";
        return rng.pick({"{}", "{\"a\": 1}", "{\"a\": 1.0}", "{\"a\": 1.00}", "[1, 2]", "[]", "\"s\"", "null",
                         "12.50", "true", "{\"k\": {\"n\": [1, 2, {\"z\": null}]}}",
                         "{\"a\": \"b\", \"k\": \"v\"}", "[{\"a\": 1}, {\"a\": 2}]",
                         "{\"a\": null, \"zz\": [[], {}]}"});
    case Type::int4range:
        return rng.pick({"[1,4)", "[2,6)", "empty", "(,3]", "[2,)", "[0,1)", "(,)"});
    case Type::float8:
        return rng.pick({"0", "-0", "1.5", "0.1", "1e100", "-2.25", "NaN", "Infinity"});
    case Type::json:
        return rng.pick({"{}", "{\"a\":1}", "{\"a\":  1}", "{\"b\":1,\"a\":2,\"a\":3}", "[1]", "null"});
    case Type::bit4:
        return rng.pick({"0000", "0101", "1111"});
    case Type::pair:
        return rng.pick({"(1,a)", "(2,b)", "(,)", "(3,\"x y\")"});
    case Type::interval:
        return rng.pick({"1 mon", "30 days", "1 day", "24:00:00", "-1 days +02:03:00", "00:00:00"});
    case Type::bytea:
        return rng.pick({"\\x", "\\x00ff", "\\xdeadbeef"});
    }
    return "";
}

} // namespace

const TypeInfo &info(Type type) { return type_table[static_cast<std::size_t>(type)]; }

Value random_value(Rng &rng, Type type, int null_percent) {
    if (rng.chance(null_percent))
        return std::nullopt;
    return raw_value(rng, type);
}

std::string quote(std::string_view text) {
    std::string out = text.find('\\') == std::string_view::npos ? "'" : "E'";
    for (const char c : text) {
        if (c == '\'')
            out += "''";
        else if (c == '\\')
            out += "\\\\";
        else
            out += c;
    }
    return out + "'";
}

std::string identifier(std::string_view name) {
    static const std::set<std::string_view> reserved{"order", "user",  "select", "group",
                                                     "end",   "table", "limit",  "to"};
    bool simple = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && !reserved.contains(name);
    for (const char c : name)
        simple = simple && ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_');
    if (simple)
        return std::string(name);
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"')
            out += '"';
        out += c;
    }
    return out + "\"";
}

std::string literal(const Value &value, Type type) {
    if (!value)
        return fmt::format("NULL::{}", info(type).name);
    if (type == Type::int4 || type == Type::boolean)
        return value->starts_with('-') ? "(" + *value + ")" : *value;
    return fmt::format("{}::{}", quote(*value), info(type).name);
}

std::string plain_literal(const Value &value) { return value ? quote(*value) : "NULL"; }

std::string copy_field(const Value &value) {
    if (!value)
        return "\\N";
    std::string out;
    for (const char c : *value) {
        switch (c) {
        case '\\':
            out += "\\\\";
            break;
        case '\t':
            out += "\\t";
            break;
        case '\n':
            out += "\\n";
            break;
        default:
            out += c;
        }
    }
    return out;
}

std::string random_literal(Rng &rng, Type type) {
    Value value = random_value(rng, type, 0);
    if (type == Type::dom_small && value == "1000")
        value = "4"; // against the domain's check: a definition with it would not be valid
    return literal(value, type);
}

} // namespace oracle
