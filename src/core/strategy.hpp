// core/strategy.hpp - how a set of affected rows is recomputed, and how an edge is walked, chosen by counts.
//
// Few: one prepared point query each, because an array parameter makes the planner guess. Many: one prepared statement
// that goes key by key, whose plan does not depend on the number. A good part of the TVIEW: one statement, planned for
// the real number, that is free to scan.
#pragma once

#include <cstdint>

namespace tviews::core {

enum class Recompute { point, nested, bulk, full };

inline constexpr std::uint64_t max_point_units = 32;
inline constexpr std::uint64_t max_point_links = 8;

// `rows` is the planner's idea of the TVIEW's size, negative when unknown.
constexpr Recompute choose_recompute(bool all, std::uint64_t units, double rows) noexcept {
    if (all)
        return Recompute::full;
    if (units <= max_point_units)
        return Recompute::point;
    if (rows >= 0 && static_cast<double>(units) > rows / 4)
        return Recompute::bulk;
    return Recompute::nested;
}

// Is an edge walked value by value?
constexpr bool walk_by_point(std::uint64_t values, bool point_only) noexcept {
    return point_only || values <= max_point_links;
}

// Are more locks wanted on one edge than may be taken value by value?
constexpr bool escalate(std::uint64_t locks, std::uint64_t threshold) noexcept { return locks > threshold; }

} // namespace tviews::core
