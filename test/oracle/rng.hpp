// rng.hpp - the oracle's own random numbers: xoshiro256** seeded by splitmix64.
//
// Everything random comes from here and from nowhere else, so a seed gives the same scenario on every machine.
// fork(tag) derives an independent stream from the seed, not from the state: adding a draw in one part of the
// generator does not change the others.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace oracle {

class Rng {
  public:
    explicit Rng(std::uint64_t seed) : seed_(seed) {
        std::uint64_t x = seed;
        for (auto &word : state_)
            word = splitmix(x);
    }

    [[nodiscard]] Rng fork(std::string_view tag, std::uint64_t number = 0) const {
        std::uint64_t hash = 0xcbf29ce484222325ULL;
        for (const char c : tag)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        std::uint64_t x = seed_ ^ (hash + number * 0x9e3779b97f4a7c15ULL);
        return Rng(splitmix(x));
    }

    std::uint64_t next() {
        const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotate(state_[3], 45);
        return result;
    }

    // 0 .. bound-1; bound 0 gives 0.
    int below(int bound) {
        return bound <= 1 ? 0 : static_cast<int>(((next() >> 32) * static_cast<std::uint64_t>(bound)) >> 32);
    }
    // low .. high, both included.
    int between(int low, int high) { return low + below(high - low + 1); }
    // True in `percent` of hundred calls.
    bool chance(int percent) { return below(100) < percent; }

    template <class Container> const auto &pick(const Container &items) {
        return *(std::begin(items) + below(static_cast<int>(std::size(items))));
    }
    template <class T> T pick(std::initializer_list<T> items) {
        return *(items.begin() + below(static_cast<int>(items.size())));
    }
    // Index drawn with the given weights; all weights zero gives 0.
    int weighted(const std::vector<int> &weights) {
        int total = 0;
        for (const int w : weights)
            total += w;
        int draw = below(total);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            if (draw < weights[i])
                return static_cast<int>(i);
            draw -= weights[i];
        }
        return 0;
    }
    template <class T> void shuffle(std::vector<T> &items) {
        for (int i = static_cast<int>(items.size()) - 1; i > 0; --i)
            std::swap(items[static_cast<std::size_t>(i)], items[static_cast<std::size_t>(below(i + 1))]);
    }

  private:
    static std::uint64_t rotate(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
    static std::uint64_t splitmix(std::uint64_t &x) {
        x += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = x;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

    std::uint64_t seed_;
    std::array<std::uint64_t, 4> state_{};
};

} // namespace oracle
