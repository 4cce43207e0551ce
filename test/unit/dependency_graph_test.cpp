// test/unit/dependency_graph_test.cpp - depth, order, closure and cycles of core::DependencyGraph.
#include "core/dependency_graph.hpp"

#include "core/pure.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace {

template <typename T> using Heap = std::allocator<T>;
using Graph = tviews::core::DependencyGraph<Heap>;
using Nodes = Graph::Nodes;

// 1, 2: base tables; 20 on 1; 10 on 20 and 2; 30 on 20; 40 on 10 and 30 (a diamond)
Graph diamond() {
    Graph graph;
    graph.add(20, 1);
    graph.add(10, 20);
    graph.add(10, 2);
    graph.add(30, 20);
    graph.add(40, 10);
    graph.add(40, 30);
    return graph;
}

TEST(DependencyGraph, Depth) {
    Graph graph = diamond();
    EXPECT_EQ(graph.depth(1), 0);
    EXPECT_EQ(graph.depth(20), 1);
    EXPECT_EQ(graph.depth(10), 2);
    EXPECT_EQ(graph.depth(30), 2);
    EXPECT_EQ(graph.depth(40), 3);
    graph.add(20, 50);
    graph.add(50, 1);
    EXPECT_EQ(graph.depth(40), 4);
}

TEST(DependencyGraph, ClosureInOrder) {
    Graph graph = diamond();
    EXPECT_EQ(graph.closure(40), (Nodes{20, 10, 30, 40}));
    EXPECT_EQ(graph.closure(10), (Nodes{20, 10}));
    EXPECT_EQ(graph.closure(1), Nodes{});
}

TEST(DependencyGraph, ATviewWithoutSources) {
    Graph graph;
    graph.add(7);
    EXPECT_EQ(graph.depth(7), 1);
    EXPECT_EQ(graph.closure(7), Nodes{7});
}

TEST(DependencyGraph, FindsCycles) {
    Graph graph = diamond();
    Nodes path;
    EXPECT_TRUE(graph.closes_cycle(20, 40, path));
    EXPECT_EQ(path.front(), 40u);
    EXPECT_EQ(path.back(), 20u);
    EXPECT_TRUE(graph.closes_cycle(20, 20, path));
    EXPECT_FALSE(graph.closes_cycle(40, 20, path));
    EXPECT_TRUE(path.empty());
}

TEST(DependencyGraph, ACycleEnds) {
    Graph graph;
    graph.add(1, 2);
    graph.add(2, 1);
    EXPECT_GE(graph.depth(1), 1);
    EXPECT_EQ(graph.closure(1).size(), 2u);
}

} // namespace
