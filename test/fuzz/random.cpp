// random.cpp - the random documents, sources, paths and arrays of json.hpp.
#include "json.hpp"

#include <algorithm>

namespace fuzz {

std::uint32_t random_count(Choices &choices) {
    static constexpr std::uint32_t boundaries[] = {15, 16, 17, 31, 32, 33, 34, 47, 48,
                                                   49, 63, 64, 65, 66, 96, 97, 100};
    if (choices.chance(50))
        return choices.below(8);
    return choices.chance(70) ? choices.pick(boundaries) : choices.below(101);
}

static std::string random_string(Choices &choices, std::uint32_t most) {
    static constexpr const char *pieces[] = {
        "a", "B", "7", " ", "-", "\"", "\\", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x90\x98"};
    std::string out;
    for (std::uint32_t length = choices.below(most + 1); out.size() < length;)
        out += choices.chance(70) ? std::string(1, static_cast<char>('a' + choices.below(26)))
                                  : choices.pick(pieces);
    return out;
}

// Few different ones, so that documents share keys; no dots and brackets, which a path's text cannot have.
std::string random_key(Choices &choices) {
    if (choices.chance(3))
        return "";
    if (choices.chance(80))
        return "k" + std::to_string(choices.below(choices.chance(50) ? 20 : 2000));
    return random_string(choices, choices.chance(95) ? 12 : 150);
}

Json random_number(Choices &choices) {
    std::string out = choices.chance(20) ? "-" : "";
    std::uint32_t const digits = choices.chance(70) ? 1 + choices.below(6) : 1 + choices.below(40);
    out += static_cast<char>('1' + choices.below(9));
    for (std::uint32_t i = 1; i < digits; i++)
        out += static_cast<char>('0' + (choices.chance(30) ? 0 : choices.below(10)));
    if (choices.chance(15))
        out = choices.chance(50) ? "0" : "-0";
    if (choices.chance(40)) {
        out += '.';
        for (std::uint32_t i = 0, scale = 1 + choices.below(choices.chance(95) ? 12 : 90); i < scale; i++)
            out += static_cast<char>('0' + (choices.chance(40) ? 0 : choices.below(10)));
    }
    return number(out);
}

Json random_scalar(Choices &choices) {
    Json json;
    switch (choices.below(6)) {
    case 0:
        return json;
    case 1:
        json.kind = Json::Kind::boolean;
        json.truth = choices.chance(50);
        return json;
    case 2:
    case 3:
        return random_number(choices);
    default:
        return string(random_string(choices, choices.chance(98) ? 30 : 600));
    }
}

Json random_value(Choices &choices, int depth) {
    if (depth <= 0 || choices.chance(65))
        return random_scalar(choices);
    std::uint32_t const count = choices.chance(80) ? choices.below(5) : random_count(choices);
    if (choices.chance(60))
        return random_object(choices, count, depth - 1);
    Json array = empty(Json::Kind::array);
    for (std::uint32_t i = 0; i < count; i++)
        array.items.push_back(random_value(choices, depth - 1));
    return array;
}

Json random_object(Choices &choices, std::uint32_t count, int depth) {
    Json object = empty(Json::Kind::object);
    for (std::uint32_t tries = 0; object.members.size() < count && tries < 3 * count; tries++)
        object.set(random_key(choices), random_value(choices, depth));
    return object;
}

Json random_source(Choices &choices, const Json &target, int depth) {
    Json source = empty(Json::Kind::object);
    std::uint32_t const count = choices.chance(80) ? choices.below(6) : random_count(choices);
    for (std::uint32_t i = 0; i < count; i++) {
        if (target.members.empty() || choices.chance(40)) {
            source.set(random_key(choices), random_value(choices, 2));
            continue;
        }
        const auto &[key, value] =
            target.members[choices.below(static_cast<std::uint32_t>(target.members.size()))];
        if (choices.chance(20))
            source.set(key, value);
        else if (value.is_object() && depth > 0 && choices.chance(80))
            source.set(key, random_source(choices, value, depth - 1));
        else
            source.set(key, random_value(choices, 2));
    }
    return source;
}

Path random_path(Choices &choices, const Json &document, bool elements) {
    Path path;
    const Json *at = &document;
    while (at != nullptr) {
        Step step;
        const Json *next = nullptr;
        if (at->is_array()) {
            step.element = true;
            auto const size = static_cast<std::uint32_t>(at->items.size());
            step.index = choices.chance(80) && size > 0 ? choices.below(size) : size + choices.below(4);
            if (step.index < size)
                next = &at->items[step.index];
        } else if (at->members.empty() || choices.chance(15)) {
            step.key = random_key(choices);
            next = at->find(step.key);
        } else {
            const auto &member = at->members[choices.below(static_cast<std::uint32_t>(at->members.size()))];
            step.key = member.first;
            next = &member.second;
        }
        if (!step.element && step.key.empty())
            step.key = "k"; // the text form has no empty names
        if (!step.element)
            next = at->find(step.key);
        path.push_back(step);
        if (next == nullptr || choices.chance(25)) {
            at = next;
            break;
        }
        if (!next->is_object() && !(elements && next->is_array()))
            return path;
        at = next;
    }
    if (at != nullptr)
        return path;
    while (path.size() < 6 && choices.chance(40)) {
        Step step;
        step.element = elements && choices.chance(30);
        step.index = choices.below(choices.chance(90) ? 3 : 70);
        step.key = "k" + std::to_string(choices.below(30));
        path.push_back(step);
    }
    return path;
}

Json random_id(Choices &choices) {
    if (choices.chance(60)) {
        std::string const decimals =
            choices.chance(3) ? "." + std::string(70, '0') : ".0"; // 70: the long form
        return number(std::to_string(choices.below(choices.chance(50) ? 30 : 100000)) +
                      (choices.chance(10) ? decimals : ""));
    }
    if (choices.chance(70))
        return string((choices.chance(30) ? "long-id-" : "id-") + std::to_string(choices.below(100)));
    return random_scalar(choices);
}

Json random_elements(Choices &choices, const std::string &key) {
    Json array = empty(Json::Kind::array);
    bool const uniform = choices.chance(70);
    std::vector<std::string> keys;
    for (std::uint32_t i = choices.chance(90) ? choices.below(6) : 30 + choices.below(10); i > 0; i--)
        keys.push_back(random_key(choices));
    bool const mixed = choices.chance(30);
    for (std::uint32_t count = random_count(choices); count > 0; count--) {
        if (!uniform && choices.chance(10)) {
            array.items.push_back(random_value(choices, 1));
            continue;
        }
        Json element = uniform ? empty(Json::Kind::object) : random_object(choices, choices.below(20), 1);
        for (const std::string &other : keys)
            element.set(other, random_scalar(choices));
        if (mixed && choices.chance(50)) { // a key as long, so that the entries of keys look the same
            std::string beside = key;
            beside.back() = choices.chance(50) ? '!' : '~';
            element.set(beside, random_id(choices));
        }
        if ((uniform && !mixed) || choices.chance(80))
            element.set(key, random_id(choices));
        array.items.push_back(std::move(element));
    }
    return array;
}

void sort_elements(Json &array, const std::string &key, bool descending) {
    std::stable_sort(array.items.begin(), array.items.end(), [&](const Json &a, const Json &b) {
        const Json *const x = a.find(key), *const y = b.find(key);
        if (x == nullptr || y == nullptr)
            return descending ? x == nullptr && y != nullptr : x != nullptr && y == nullptr;
        return descending ? compare(*x, *y) > 0 : compare(*x, *y) < 0;
    });
}

Json wanted_id(Choices &choices, const Json &array, const std::string &key) {
    if (array.items.empty() || choices.chance(20))
        return random_id(choices);
    const Json *const id =
        array.items[choices.below(static_cast<std::uint32_t>(array.items.size()))].find(key);
    if (id == nullptr)
        return random_id(choices);
    if (id->kind == Json::Kind::number && choices.chance(30)) {
        static constexpr std::size_t zeros[] = {1, 2, 40,
                                                70}; // from 64 decimals on, the stored form is another one
        return number(id->text + (id->text.find('.') == std::string::npos ? "." : "") +
                      std::string(choices.pick(zeros), '0'));
    }
    return *id;
}

} // namespace fuzz
