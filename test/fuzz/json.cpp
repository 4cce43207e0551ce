// json.cpp - see json.hpp: trees, their text and the plain operations.
#include "json.hpp"

#include <algorithm>
#include <compare>

namespace fuzz {

namespace {

bool key_before(const std::string &a, const std::string &b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
}

void quote(std::string &out, const std::string &value) {
    out += '"';
    for (char const c : value) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    out += '"';
}

void dump(std::string &out, const Json &json) {
    switch (json.kind) {
    case Json::Kind::null:
        out += "null";
        break;
    case Json::Kind::boolean:
        out += json.truth ? "true" : "false";
        break;
    case Json::Kind::number:
        out += json.text;
        break;
    case Json::Kind::string:
        quote(out, json.text);
        break;
    case Json::Kind::array:
        out += '[';
        for (std::size_t i = 0; i < json.items.size(); i++) {
            if (i > 0)
                out += ',';
            dump(out, json.items[i]);
        }
        out += ']';
        break;
    case Json::Kind::object:
        out += '{';
        for (std::size_t i = 0; i < json.members.size(); i++) {
            if (i > 0)
                out += ',';
            quote(out, json.members[i].first);
            out += ':';
            dump(out, json.members[i].second);
        }
        out += '}';
        break;
    }
}

// A number's value: sign, integer digits without leading zeros, fraction without trailing zeros.
struct Decimal {
    bool negative;
    std::string integer, fraction;
};

Decimal decimal(const std::string &literal) {
    Decimal result{literal[0] == '-', "", ""};
    std::string const digits = literal.substr(result.negative);
    std::size_t const point = digits.find('.');
    result.integer = digits.substr(0, point);
    if (point != std::string::npos)
        result.fraction = digits.substr(point + 1);
    result.integer.erase(0, std::min(result.integer.find_first_not_of('0'), result.integer.size()));
    result.fraction.erase(result.fraction.find_last_not_of('0') + 1);
    if (result.integer.empty() && result.fraction.empty())
        result.negative = false;
    return result;
}

int compare_numbers(const std::string &a, const std::string &b) {
    Decimal const x = decimal(a), y = decimal(b);
    if (x.negative != y.negative)
        return x.negative ? -1 : 1;
    auto order = x.integer.size() <=> y.integer.size();
    if (order == 0)
        order = x.integer <=> y.integer;
    if (order == 0)
        order = x.fraction <=> y.fraction;
    int const magnitude = order < 0 ? -1 : order > 0;
    return x.negative ? -magnitude : magnitude;
}

} // namespace

Json::Json() = default;
Json::Json(const Json &) = default;
Json::Json(Json &&) noexcept = default;
Json &Json::operator=(const Json &) = default;
Json &Json::operator=(Json &&) noexcept = default;
Json::~Json() = default;

Json *Json::find(const std::string &key) {
    auto const at =
        std::lower_bound(members.begin(), members.end(), key, [](const auto &member, const std::string &k) {
            return key_before(member.first, k);
        });
    return at != members.end() && at->first == key ? &at->second : nullptr;
}

void Json::set(const std::string &key, Json value) {
    auto const at =
        std::lower_bound(members.begin(), members.end(), key, [](const auto &member, const std::string &k) {
            return key_before(member.first, k);
        });
    if (at != members.end() && at->first == key)
        at->second = std::move(value);
    else
        members.insert(at, Member{key, std::move(value)});
}

std::string Json::dump() const {
    std::string out;
    fuzz::dump(out, *this);
    return out;
}

Json number(const std::string &literal) {
    Json json;
    json.kind = Json::Kind::number;
    json.text = literal;
    return json;
}

Json string(const std::string &value) {
    Json json;
    json.kind = Json::Kind::string;
    json.text = value;
    return json;
}

Json empty(Json::Kind kind) {
    Json json;
    json.kind = kind;
    return json;
}

bool equal(const Json &a, const Json &b) {
    if (a.kind != b.kind)
        return false;
    switch (a.kind) {
    case Json::Kind::null:
        return true;
    case Json::Kind::boolean:
        return a.truth == b.truth;
    case Json::Kind::number:
        return compare_numbers(a.text, b.text) == 0;
    case Json::Kind::string:
        return a.text == b.text;
    case Json::Kind::array:
        return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal);
    case Json::Kind::object:
        return std::equal(
            a.members.begin(), a.members.end(), b.members.begin(), b.members.end(),
            [](const auto &x, const auto &y) { return x.first == y.first && equal(x.second, y.second); });
    }
    return false;
}

int compare(const Json &a, const Json &b) {
    if (a.kind != b.kind)
        return a.kind < b.kind ? -1 : 1;
    switch (a.kind) {
    case Json::Kind::boolean:
        return int{a.truth} - int{b.truth};
    case Json::Kind::number:
        return compare_numbers(a.text, b.text);
    case Json::Kind::string:
        return a.text.compare(b.text);
    default:
        return 0;
    }
}

void merge(Json &target, const Json &source, bool deep) {
    for (const auto &[key, value] : source.members) {
        Json *const old = target.find(key);
        if (deep && old != nullptr && old->is_object() && value.is_object())
            merge(*old, value, deep);
        else
            target.set(key, value);
    }
}

void set_path(Json &target, const Path &path, std::size_t step, const Json &value) {
    if (step == path.size()) {
        target = value;
        return;
    }
    if (path[step].element) {
        if (!target.is_array())
            target = empty(Json::Kind::array); // random_path makes this happen for what is missing only
        if (target.items.size() <= path[step].index)
            target.items.resize(path[step].index + 1);
        set_path(target.items[path[step].index], path, step + 1, value);
        return;
    }
    if (!target.is_object())
        target = empty(Json::Kind::object);
    if (target.find(path[step].key) == nullptr)
        target.set(path[step].key, {});
    set_path(*target.find(path[step].key), path, step + 1, value);
}

Json &create_path(Json &target, const Path &path) {
    Json *at = &target;
    for (const Step &step : path) {
        if (at->find(step.key) == nullptr)
            at->set(step.key, empty(Json::Kind::object));
        at = at->find(step.key);
    }
    return *at;
}

std::string path_text(const Path &path) {
    std::string out;
    for (const Step &step : path) {
        if (step.element)
            out += "[" + std::to_string(step.index) + "]";
        else
            out += (out.empty() ? "" : ".") + step.key;
    }
    return out;
}

std::size_t find_element(const Json &array, const std::string &key, const Json &id) {
    for (std::size_t i = 0; i < array.items.size(); i++)
        if (const Json *const value = array.items[i].find(key); value != nullptr && equal(*value, id))
            return i;
    return array.items.size();
}

std::size_t sorted_position(const Json &array, const std::string &key, const Json &element, bool descending) {
    const Json *const wanted = element.find(key);
    std::size_t at = 0;
    for (; at < array.items.size(); at++) {
        const Json *const other = array.items[at].find(key);
        bool before;
        if (other == nullptr || wanted == nullptr)
            before = descending ? other == nullptr : wanted == nullptr;
        else
            before = descending ? compare(*other, *wanted) >= 0 : compare(*other, *wanted) <= 0;
        if (!before)
            break;
    }
    return at;
}

} // namespace fuzz
