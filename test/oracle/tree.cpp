// tree.cpp - building, numbering and rendering of droppable SQL trees. See tree.hpp.

#include "tree.hpp"

#include <algorithm>
#include <stdexcept>

namespace oracle {

namespace {

bool is_dropped(const Node &node, const Dropped &dropped) {
    return node.group > 0 && static_cast<std::size_t>(node.group) < dropped.size() &&
           dropped[static_cast<std::size_t>(node.group)];
}

void render_into(std::string &out, const Node &node, const Dropped &dropped) {
    if (is_dropped(node, dropped)) {
        out += node.alternative;
        return;
    }
    if (!node.list) {
        out += node.text;
        for (const Node &part : node.parts)
            render_into(out, part, dropped);
        return;
    }
    bool first = true;
    for (const Node &part : node.parts) {
        if (is_dropped(part, dropped) && part.alternative.empty())
            continue;
        out += first ? node.prefix : node.separator;
        first = false;
        render_into(out, part, dropped);
    }
    if (!first)
        out += node.suffix;
}

} // namespace

Node sequence(std::string_view pattern, std::vector<Node> arguments) {
    Node result;
    std::size_t used = 0;
    std::size_t position = 0;
    for (;;) {
        const std::size_t hole = pattern.find("{}", position);
        if (hole == std::string_view::npos)
            break;
        if (used >= arguments.size())
            throw std::logic_error("too few arguments for pattern " + std::string(pattern));
        if (hole > position)
            result.parts.emplace_back(pattern.substr(position, hole - position));
        result.parts.push_back(std::move(arguments[used++]));
        position = hole + 2;
    }
    if (used != arguments.size())
        throw std::logic_error("too many arguments for pattern " + std::string(pattern));
    if (position < pattern.size())
        result.parts.emplace_back(pattern.substr(position));
    return result;
}

Node list(std::string prefix, std::string separator, std::string suffix, std::vector<Node> items,
          int fixed_items) {
    Node result;
    result.list = true;
    result.prefix = std::move(prefix);
    result.separator = std::move(separator);
    result.suffix = std::move(suffix);
    for (auto &item : items) {
        item.droppable = item.droppable || fixed_items <= 0;
        --fixed_items;
        result.parts.push_back(std::move(item));
    }
    return result;
}

Node optional(Node node, std::string alternative, std::string tag) {
    if (node.droppable) { // keep the inner choice, wrap another around it
        Node outer;
        outer.parts.push_back(std::move(node));
        node = std::move(outer);
    }
    node.droppable = true;
    node.alternative = std::move(alternative);
    node.tag = std::move(tag);
    return node;
}

std::string render(const Node &node, const Dropped &dropped) {
    std::string out;
    render_into(out, node, dropped);
    return out;
}

void number_groups(Node &node, int &next, std::map<std::string, int> &tags) {
    if (node.droppable && node.group == 0) {
        if (node.tag.empty()) {
            node.group = next++;
        } else {
            const auto [position, fresh] = tags.try_emplace(node.tag, next);
            if (fresh)
                ++next;
            node.group = position->second;
        }
    }
    for (Node &part : node.parts)
        number_groups(part, next, tags);
}

void collect_groups(const Node &node, std::vector<int> &groups) {
    if (node.group > 0 && std::find(groups.begin(), groups.end(), node.group) == groups.end())
        groups.push_back(node.group);
    for (const Node &part : node.parts)
        collect_groups(part, groups);
}

} // namespace oracle
