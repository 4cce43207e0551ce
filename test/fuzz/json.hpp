// json.hpp - random JSON documents as trees, and plain operations on them.
//
// The operations are written for obviousness, not speed: they are what the patch engine is compared with. Numbers are
// kept as their text, so that 12.50 and 12.5 differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fuzz {

// Where decisions come from: a random generator, or the bytes a fuzzer supplies (then zeros).
class Choices {
  public:
    explicit Choices(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
    Choices(const std::uint8_t *bytes, std::size_t size) : bytes_(bytes), end_(bytes + size) {}

    // 0 .. bound - 1
    std::uint32_t below(std::uint32_t bound) {
        if (bound <= 1)
            return 0;
        if (bytes_ == nullptr) {
            state_ ^= state_ << 13, state_ ^= state_ >> 7, state_ ^= state_ << 17;
            return static_cast<std::uint32_t>(((state_ >> 32) * bound) >> 32);
        }
        std::uint32_t number = 0;
        for (std::uint32_t most = bound - 1; most > 0; most >>= 8)
            number = number << 8 | (bytes_ < end_ ? *bytes_++ : 0U);
        return number % bound;
    }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    template <typename T, std::size_t N> const T &pick(const T (&items)[N]) { return items[below(N)]; }

  private:
    std::uint64_t state_ = 1;
    const std::uint8_t *bytes_ = nullptr, *end_ = nullptr;
};

struct Member;
struct Json {
    Json();
    Json(const Json &);
    Json(Json &&) noexcept;
    Json &operator=(const Json &);
    Json &operator=(Json &&) noexcept;
    ~Json();

    enum class Kind { null, string, number, boolean, array, object }; // core's order
    Kind kind = Kind::null;
    bool truth = false;
    std::string text; // of a string; a number's literal
    std::vector<Json> items;
    std::vector<Member> members; // sorted as jsonb has them, unique

    bool is_object() const { return kind == Kind::object; }
    bool is_array() const { return kind == Kind::array; }
    Json *find(const std::string &key);
    const Json *find(const std::string &key) const { return const_cast<Json *>(this)->find(key); }
    void set(const std::string &key, Json value);
    std::string dump() const;
};
struct Member {
    std::string first;
    Json second;
};

Json number(const std::string &literal);
Json string(const std::string &value);
Json empty(Json::Kind kind);

// How many children: mostly few, often around the multiples of 32, sometimes 100.
std::uint32_t random_count(Choices &choices);
std::string random_key(Choices &choices);
Json random_number(Choices &choices);
Json random_scalar(Choices &choices);
Json random_value(Choices &choices, int depth);
Json random_object(Choices &choices, std::uint32_t count, int depth);
// An object to merge into `target`: some members of it, the same or changed, some new ones.
Json random_source(Choices &choices, const Json &target, int depth);

// jsonb equality: numbers by value.
bool equal(const Json &a, const Json &b);
// The order of scalars; strings by bytes.
int compare(const Json &a, const Json &b);

struct Step {
    std::string key;
    std::uint32_t index = 0;
    bool element = false;
};
using Path = std::vector<Step>;
// A path into the document whose last steps may be missing. Without `elements` it goes through objects only. What it
// leads to last may be anything; nothing on the way is in the way.
Path random_path(Choices &choices, const Json &document, bool elements);
std::string path_text(const Path &path);

void merge(Json &target, const Json &source, bool deep);
void set_path(Json &target, const Path &path, std::size_t step, const Json &value);
Json &create_path(Json &target, const Path &path); // objects

// An array of objects told apart by `key`, with exceptions.
Json random_elements(Choices &choices, const std::string &key);
void sort_elements(Json &array, const std::string &key, bool descending);
Json random_id(Choices &choices);
// An id of the array, perhaps written another way (1, 1.0), or one it does not have.
Json wanted_id(Choices &choices, const Json &array, const std::string &key);
// The element's position, or the number of elements.
std::size_t find_element(const Json &array, const std::string &key, const Json &id);
std::size_t sorted_position(const Json &array, const std::string &key, const Json &element, bool descending);

} // namespace fuzz
