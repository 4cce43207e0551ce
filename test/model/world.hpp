// world.hpp - what the model is about: tables of a few rows, TVIEWs as trees of sources, and what their documents say.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace model {

constexpr int max_tables = 6;
constexpr int slots = 3;   // rows per table; keys and link values are 0..slots-1 too
constexpr int columns = 5; // 0: primary key; 1, 2: links; 3: filter; 4: payload
constexpr int max_views = 3;
constexpr int max_sources = 4;

constexpr int key_column = 0, filter_column = 3, payload_column = 4;
constexpr std::int16_t null = -1;

struct Row {
    std::int16_t exists = 0;
    std::int16_t version = 0; // of the commit that made it; counted only while somebody has an old snapshot
    std::array<std::int16_t, columns> column{null, null, null, null, null};

    bool operator==(const Row &) const = default;
};

using Table = std::array<Row, slots>;
using Database = std::array<Table, max_tables>;

// One source of a definition. The key path leads over `parent` to source 0, whose `far_column` is the TVIEW's key.
struct Source {
    int table;
    int parent;
    int far_column;  // here: what the parent's near_column equals
    int near_column; // there
    bool inner;      // a parent row without a match here does not count
    bool filtered;
    bool any_value =
        false; // no equality: everything matches (a range join); such an edge is locked as a whole
};

struct View {
    std::string name;
    std::vector<Source> sources;
    int table; // of its documents: column 0 the key, payload the document
    std::vector<std::vector<int>> children;
    std::vector<int> far_first; // sources but the first, farthest from the key first

    // The child of source 0 that the source is, or is below; 0 for source 0.
    [[nodiscard]] int branch(int source) const;
    // Can rows of the source make the document's own row come or go?
    [[nodiscard]] bool decides(int source) const;
    // The link is the key itself: found without looking, and needs no lock of its own.
    [[nodiscard]] bool direct_key(int source) const;
};

struct Shape {
    std::string name;
    std::vector<std::string> tables; // base tables, then one for each TVIEW
    std::vector<std::vector<int>> links;
    std::vector<bool> filtered;
    int base_tables = 0;
    std::vector<View> views;
};

const std::vector<Shape> &shapes();

// A row counts for a source when it exists and passes the source's filter.
bool counts(const Source &source, const Row &row);

// What a document consists of: what its row says itself, then the part of each child of source 0, in their order. One
// part alone when more than one row makes the document.
using Parts = std::vector<std::string>;
std::string joined(const Parts &parts);

// The document of a key: a number that is the same for the same content; -1: there is none.
template <class Rows> int document(const View &view, int key, const Rows &rows);
int intern(const Parts &content);
const Parts &parts_of(int document);

namespace detail {
// The parts of a row of source `at`; false when it does not count.
template <class Rows> bool describe(const View &view, int at, const Row &row, const Rows &rows, Parts &out) {
    if (!counts(view.sources[static_cast<std::size_t>(at)], row))
        return false;
    out.push_back(std::to_string(row.column[payload_column]));
    for (int child : view.children[static_cast<std::size_t>(at)]) {
        const Source &source = view.sources[static_cast<std::size_t>(child)];
        const auto value = row.column[static_cast<std::size_t>(source.near_column)];
        std::vector<std::string> found;
        for (int slot = 0; slot < slots; ++slot) {
            const Row &far = rows(source.table, slot);
            const bool match =
                source.any_value ||
                (value != null && far.column[static_cast<std::size_t>(source.far_column)] == value);
            Parts parts;
            if (match && describe(view, child, far, rows, parts))
                found.push_back(joined(parts));
        }
        if (found.empty() && source.inner)
            return false;
        std::sort(found.begin(), found.end());
        out.push_back(joined(found));
    }
    return true;
}
} // namespace detail

template <class Rows> int document(const View &view, int key, const Rows &rows) {
    const Source &root = view.sources[0];
    std::vector<Parts> found;
    for (int slot = 0; slot < slots; ++slot) {
        const Row &row = rows(root.table, slot);
        Parts parts;
        if (row.exists && row.column[static_cast<std::size_t>(root.far_column)] == key &&
            detail::describe(view, 0, row, rows, parts))
            found.push_back(parts);
    }
    if (found.empty())
        return -1;
    if (root.far_column == key_column && found.size() == 1)
        return intern(found.front());
    std::vector<std::string> all;
    for (const Parts &one : found)
        all.push_back(joined(one));
    std::sort(all.begin(), all.end());
    return intern({joined(all)});
}

// The first TVIEW and key whose document is not what the definition says; empty if all are right.
template <class Rows> std::string difference(const Shape &shape, const Rows &rows) {
    for (const View &view : shape.views)
        for (int key = 0; key < slots; ++key) {
            const int wanted = document(view, key, rows);
            const Row &row = rows(view.table, key);
            const int there = row.exists ? row.column[payload_column] : -1;
            if (wanted != there)
                return view.name + " key " + std::to_string(key) +
                       (there < 0    ? ": missing"
                        : wanted < 0 ? ": should not be there"
                                     : ": stale");
        }
    return {};
}

} // namespace model
