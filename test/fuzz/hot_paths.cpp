// hot_paths.cpp - the engine's hot paths, once each, for counting their instructions: make -C test/fuzz instructions.
//
// Times are worthless on a busy machine; instruction counts are the same every time. Each hot_* function is one call on
// a document of 15 or 8500 array elements like those of bench/jsonb_delta.sql.
#include "encode.hpp"
#include "shim.hpp"

#include "patch/patch.hpp"

#include <cstdio>
#include <cstdlib>

namespace patch = tviews::patch;
using namespace fuzz;

namespace {

Json document(int count) {
    Json list = empty(Json::Kind::array);
    for (int i = 1; i <= count; i++) {
        Json element = empty(Json::Kind::object);
        element.set("id", number(std::to_string(i)));
        element.set("sku", string("SKU-" + std::to_string(i)));
        element.set("name", string("Item number " + std::to_string(i)));
        element.set("active", empty(Json::Kind::boolean));
        element.set("quantity", number(std::to_string(i % 7)));
        element.set("price", number(std::to_string(i * 37 % 1000) + ".50"));
        list.items.push_back(element);
    }
    Json author = empty(Json::Kind::object);
    author.set("id", number("17"));
    author.set("name", string("Ada Lovelace"));
    author.set("email", string("ada@example.org"));
    Json result = empty(Json::Kind::object);
    result.set("id", number("4711"));
    result.set("title", string("A title of usual length"));
    result.set("price", number("12.50"));
    result.set("author", author);
    result.set("items", list);
    return result;
}

struct Case {
    explicit Case(int elements)
        : words(encode(document(elements))), target(reinterpret_cast<const Jsonb *>(words.data())),
          wanted(encode(number(std::to_string(elements / 2)))) {
        Json json = empty(Json::Kind::object);
        json.set("name", string("Renamed"));
        json.set("quantity", number("12345"));
        updates = encode(json);
        value = encode(string("new value"));
        match = {{"items", 5}, {"id", 2}, of(wanted)};
    }
    static patch::Value of(const std::vector<std::uint32_t> &encoded) {
        return patch::value_of(reinterpret_cast<const Jsonb *>(encoded.data()));
    }
    patch::Container source() const {
        return patch::Container(reinterpret_cast<const Jsonb *>(updates.data()));
    }

    std::vector<std::uint32_t> words;
    const Jsonb *target;
    std::vector<std::uint32_t> wanted, updates, value;
    patch::Match match;
};

} // namespace

#define HOT __attribute__((noinline)) void

extern "C" {

HOT hot_set_path(const Case &c) {
    patch::Patch edits(c.target);
    patch::set_path(edits, edits.root(), patch::parse_path("author.name", 11), Case::of(c.value));
    edits.finish();
}
HOT hot_set_element_path(const Case &c) {
    patch::Patch edits(c.target);
    patch::set_path(edits, edits.root(), patch::parse_path("items[6].name", 13), Case::of(c.value));
    edits.finish();
}
HOT hot_merge(const Case &c) {
    patch::Patch edits(c.target);
    patch::merge(edits, edits.root(), c.source(), patch::Depth::shallow);
    edits.finish();
}
HOT hot_contains(const Case &c) { patch::contains_element(c.target, c.match); }
HOT hot_update_element(const Case &c) { patch::merge_element(c.target, c.match, c.source()); }
HOT hot_remove_element(const Case &c) { patch::remove_element(c.target, c.match); }
HOT hot_append_element(const Case &c) {
    patch::insert_element(c.target, c.match.array, Case::of(c.updates), c.match.key, patch::Order::none);
}
HOT hot_insert_sorted(const Case &c) {
    patch::insert_element(c.target, c.match.array, Case::of(c.updates), c.match.key, patch::Order::ascending);
}
}

int main(int argc, char **argv) {
    int const elements = argc > 1 ? std::atoi(argv[1]) : 15;
    Case const c(elements);
    hot_set_path(c);
    hot_set_element_path(c);
    hot_merge(c);
    hot_contains(c);
    hot_update_element(c);
    hot_remove_element(c);
    hot_append_element(c);
    hot_insert_sorted(c);
    std::printf("%d elements, %zu bytes\n", elements, c.words.size() * sizeof(std::uint32_t));
    free_all();
}
