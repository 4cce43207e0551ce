// test/unit/strategy_test.cpp - the choices of core/strategy.hpp and the hashes of core/hash.hpp.
#include "core/hash.hpp"
#include "core/strategy.hpp"

#include "core/pure.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace tviews::core;

TEST(Strategy, Recompute) {
    EXPECT_EQ(choose_recompute(true, 0, 10), Recompute::full);
    EXPECT_EQ(choose_recompute(false, 1, 10), Recompute::point);
    EXPECT_EQ(choose_recompute(false, 32, 10), Recompute::point);
    EXPECT_EQ(choose_recompute(false, 33, 100), Recompute::bulk);
    EXPECT_EQ(choose_recompute(false, 33, 1000), Recompute::nested);
    EXPECT_EQ(choose_recompute(false, 250, 1000), Recompute::nested);
    EXPECT_EQ(choose_recompute(false, 251, 1000), Recompute::bulk);
    EXPECT_EQ(choose_recompute(false, 1'000'000, -1), Recompute::nested);
}

TEST(Strategy, Walk) {
    EXPECT_TRUE(walk_by_point(8, false));
    EXPECT_FALSE(walk_by_point(9, false));
    EXPECT_TRUE(walk_by_point(9000, true));
}

TEST(Hash, Spreads) {
    std::set<std::uint64_t> low;
    for (std::uint64_t i = 0; i < 4096; i++)
        low.insert(mix(i << 32) & 0xffff);
    EXPECT_GT(low.size(), 3900u);
    EXPECT_NE(combine(combine(0, 1), 2), combine(combine(0, 2), 1));
}

TEST(Hash, BytesOfEveryLength) {
    unsigned char const bytes[24] = {};
    std::set<std::uint64_t> seen;
    for (std::size_t length = 0; length <= sizeof bytes; length++)
        seen.insert(hash_bytes(bytes, length));
    EXPECT_EQ(seen.size(), sizeof bytes + 1);
}

} // namespace
