// tree.hpp - SQL text as a tree whose parts can be left out, so that a failing scenario can be shrunk.
//
// A Node is a text, a sequence, or a list with a separator. A droppable node belongs to a group; dropping the group
// renders the node's alternative instead (nothing, by default). Nodes with the same tag share one group: a column of
// CREATE TABLE and its values in INSERT go together. Groups are numbered once, by number_groups(), after generation.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace oracle {

struct Node {
    Node() = default;
    Node(std::string literal) : text(std::move(literal)) {}
    Node(std::string_view literal) : text(literal) {}
    Node(const char *literal) : text(literal) {}

    std::string text; // what a node without parts says
    std::vector<Node> parts;
    bool list =
        false; // parts are items: prefix item separator item ... suffix, all of it gone when no item is left
    std::string prefix, separator, suffix;
    bool droppable = false;
    std::string alternative; // what stands in its place when dropped
    std::string tag;         // nodes with the same tag are dropped together
    int group = 0;           // 0: never dropped
};

using Dropped = std::vector<bool>; // by group number; empty means nothing is dropped

// Each `{}` of the pattern is replaced by the next argument; a pattern without enough arguments is a bug.
Node sequence(std::string_view pattern, std::vector<Node> arguments);

template <class... Arguments> Node sql(std::string_view pattern, Arguments &&...arguments) {
    std::vector<Node> nodes;
    (nodes.emplace_back(std::forward<Arguments>(arguments)), ...);
    return sequence(pattern, std::move(nodes));
}

// Items are made droppable unless `fixed_items` of them, counted from the first, must stay.
Node list(std::string prefix, std::string separator, std::string suffix, std::vector<Node> items,
          int fixed_items = 0);
Node optional(Node node, std::string alternative = "", std::string tag = "");

std::string render(const Node &node, const Dropped &dropped = {});

// Gives every droppable node below `node` its group; `next` and `tags` are shared by the nodes of one scenario.
void number_groups(Node &node, int &next, std::map<std::string, int> &tags);
// The groups found below `node`, outermost first.
void collect_groups(const Node &node, std::vector<int> &groups);

} // namespace oracle
