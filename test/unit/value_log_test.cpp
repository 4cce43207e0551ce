// test/unit/value_log_test.cpp - sets, marks, rollback and the flushed positions of core::ValueLog.
#include "core/value_log.hpp"

#include "core/pure.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>

namespace {

template <typename T> using Heap = std::allocator<T>;
using Log = tviews::core::ValueLog<Heap>;

std::set<std::string> pending(const Log &log) {
    std::set<std::string> result;
    for (std::uint32_t i = log.flushed(); i < log.size(); i++) {
        Log::View const view = log[i];
        if (view.is_all)
            result.insert("all");
        else if (view.is_number)
            result.insert(std::to_string(view.number));
        else
            result.insert("'" + std::string(reinterpret_cast<const char *>(view.bytes), view.length) + "'");
    }
    return result;
}

using Set = std::set<std::string>;

TEST(ValueLog, AddsOnce) {
    Log log;
    EXPECT_TRUE(log.add(5));
    EXPECT_FALSE(log.add(5));
    EXPECT_TRUE(log.add(-5));
    EXPECT_TRUE(log.add("5", 1));
    EXPECT_FALSE(log.add("5", 1));
    EXPECT_TRUE(log.add("", 0));
    EXPECT_FALSE(log.add("", 0));
    EXPECT_EQ(pending(log), (Set{"5", "-5", "'5'", "''"}));
}

TEST(ValueLog, AllSwallowsWhatFollows) {
    Log log;
    log.add(1);
    EXPECT_TRUE(log.add_all());
    EXPECT_FALSE(log.add_all());
    EXPECT_FALSE(log.add(2));
    EXPECT_TRUE(log.all_pending());
    log.flush_to(log.size(), true);
    EXPECT_FALSE(log.all_pending());
    EXPECT_TRUE(log.add(2));
    EXPECT_EQ(pending(log), (Set{"2"}));
}

TEST(ValueLog, AValueFlushedBeforeIsAddedAgain) {
    Log log;
    log.add(1);
    log.flush_to(1, false);
    EXPECT_EQ(log.pending(), 0u);
    EXPECT_TRUE(log.add(1));
    EXPECT_EQ(pending(log), (Set{"1"}));
}

TEST(ValueLog, RollbackRemovesWhatWasAddedInside) {
    Log log;
    log.add(1);
    auto const mark = log.mark();
    log.add(2);
    log.add("text", 4);
    log.rollback_to(mark);
    EXPECT_EQ(pending(log), (Set{"1"}));
    EXPECT_TRUE(log.add(2));
    EXPECT_TRUE(log.add("text", 4));
}

TEST(ValueLog, RollbackRevivesWhatWasFlushedInside) {
    Log log;
    log.add(1);
    auto const mark = log.mark();
    log.add(2);
    log.flush_to(log.size(), true);
    log.add(3);
    log.rollback_to(mark);
    EXPECT_EQ(pending(log), (Set{"1"}));
    EXPECT_FALSE(log.add(1));
}

TEST(ValueLog, RollbackOfAllKeepsAnOlderOne) {
    Log log;
    log.add_all();
    log.flush_to(1, false);
    auto const mark = log.mark();
    log.add_all();
    log.rollback_to(mark);
    EXPECT_FALSE(log.all_pending());
    log.revive();
    EXPECT_TRUE(log.all_pending());
}

TEST(ValueLog, ReviveStopsAtBase) {
    Log log;
    log.add(1);
    log.flush_to(1, true);
    log.add(2);
    log.flush_to(2, false);
    log.revive();
    EXPECT_EQ(pending(log), (Set{"2"}));
}

TEST(ValueLog, ClearGivesMemoryBack) {
    Log log;
    for (int i = 0; i < 1000; i++)
        log.add(i);
    log.clear();
    EXPECT_EQ(log.size(), 0u);
    EXPECT_EQ(log.memory(), 0u);
    EXPECT_TRUE(log.add(1));
}

TEST(ValueLog, ANumberTakesFewBytes) {
    Log log;
    for (int i = 0; i < 1'000'000; i++)
        log.add(i);
    EXPECT_LE(log.memory() / 1'000'000, 32u);
}

// Against a simple model: a list of values, with copies as marks.
TEST(ValueLog, AgreesWithAModel) {
    struct Model {
        std::vector<std::string> values;
        std::size_t flushed = 0;
        std::size_t base = 0;
        void add(const std::string &value) {
            for (std::size_t i = flushed; i < values.size(); i++)
                if (values[i] == value || values[i] == "all")
                    return;
            values.push_back(value);
        }
        Set pending() const { return {values.begin() + static_cast<std::ptrdiff_t>(flushed), values.end()}; }
    };
    for (unsigned seed = 1; seed <= 300; seed++) {
        std::mt19937 random(seed);
        Log log;
        Model model;
        std::vector<std::pair<Log::Mark, Model>> marks;
        for (int step = 0; step < 400; step++) {
            unsigned const what = random() % 100;
            if (what < 50) {
                int const number = static_cast<int>(random() % 40) - 5;
                log.add(number);
                model.add(std::to_string(number));
            } else if (what < 75) {
                std::string const text(random() % 20, static_cast<char>('a' + random() % 3));
                log.add(text.data(), text.size());
                model.add("'" + text + "'");
            } else if (what < 77) {
                log.add_all();
                model.add("all");
            } else if (what < 84) {
                bool const forget = random() % 2 != 0;
                log.flush_to(log.size(), forget);
                model.flushed = model.values.size();
                if (forget)
                    model.base = model.flushed;
            } else if (what < 86) {
                log.revive();
                model.flushed = model.base;
            } else if (what < 92) {
                marks.emplace_back(log.mark(), model);
            } else if (!marks.empty()) {
                // A revive since the mark leaves more pending than the mark had: only the minimum is restored.
                std::size_t const flushed = std::min(model.flushed, marks.back().second.flushed);
                std::size_t const base = std::min(model.base, marks.back().second.base);
                log.rollback_to(marks.back().first);
                model = marks.back().second;
                model.flushed = flushed;
                model.base = base;
                marks.pop_back();
            }
            ASSERT_EQ(pending(log), model.pending()) << "seed " << seed << " step " << step;
            ASSERT_EQ(log.all_pending(), model.pending().count("all") == 1)
                << "seed " << seed << " step " << step;
        }
    }
}

} // namespace
