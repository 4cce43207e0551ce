// core/dependency_graph.hpp - which TVIEW is built on which, in what order they are refreshed, and cycles.
//
// Nodes are relation OIDs; a base table is a node without outgoing edges. Depth 0 is a base table, 1 a TVIEW on base
// tables only. The total order of flushes is (depth, oid). Memory: the caller's allocator.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace tviews::core {

template <template <typename> class A> class DependencyGraph {
  public:
    using Node = std::uint32_t;
    using Nodes = std::vector<Node, A<Node>>;

    // `node` reads `on`. Adding an edge twice does no harm.
    void add(Node node, Node on) {
        Nodes &list = edges_[node];
        if (std::find(list.begin(), list.end(), on) == list.end())
            list.push_back(on);
        forget_depths();
    }
    // A node that is a TVIEW even if it reads nothing.
    void add(Node node) {
        edges_[node];
        forget_depths();
    }

    // 0 for base tables. REQUIRES: no cycle is reachable from `node` (nodes on one have an unspecified depth).
    int depth(Node node) {
        auto const known = depths_.find(node);
        if (known != depths_.end())
            return known->second;
        auto const found = edges_.find(node);
        if (found == edges_.end())
            return 0;
        depths_[node] = 1; // ends a recursion into a cycle
        int deepest = 0;
        for (Node on : found->second)
            deepest = std::max(deepest, depth(on));
        return depths_[node] = deepest + 1;
    }

    // Every node that `node` is built on, directly or not, itself included, sorted by (depth, oid); TVIEWs only.
    Nodes closure(Node node) {
        Nodes result;
        collect(node, result);
        sort(result);
        return result;
    }

    void sort(Nodes &nodes) {
        std::sort(nodes.begin(), nodes.end(), [this](Node a, Node b) {
            int const da = depth(a);
            int const db = depth(b);
            return da != db ? da < db : a < b;
        });
    }

    // Would `node` reading `on` close a cycle? When it would, `path` runs from `on` to `node`.
    bool closes_cycle(Node node, Node on, Nodes &path) const {
        Nodes seen;
        path.clear();
        return find_path(on, node, seen, path);
    }

  private:
    void forget_depths() noexcept { depths_.clear(); }

    void collect(Node node, Nodes &result) const {
        auto const found = edges_.find(node);
        if (found == edges_.end() || std::find(result.begin(), result.end(), node) != result.end())
            return;
        result.push_back(node);
        for (Node on : found->second)
            collect(on, result);
    }

    bool find_path(Node from, Node to, Nodes &seen, Nodes &path) const {
        path.push_back(from);
        if (from == to)
            return true;
        seen.push_back(from);
        auto const found = edges_.find(from);
        if (found != edges_.end())
            for (Node next : found->second)
                if (std::find(seen.begin(), seen.end(), next) == seen.end() &&
                    find_path(next, to, seen, path))
                    return true;
        path.pop_back();
        return false;
    }

    template <typename V>
    using Map =
        std::unordered_map<Node, V, std::hash<Node>, std::equal_to<Node>, A<std::pair<const Node, V>>>;

    Map<Nodes> edges_;
    Map<int> depths_;
};

} // namespace tviews::core
