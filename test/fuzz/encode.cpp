// encode.cpp - see encode.hpp. Knows the format from its description only; shares no code or header with the engine.
#include "encode.hpp"

#include <cstring>

namespace fuzz {

namespace {

constexpr std::uint32_t type_numeric = 0x10000000, type_false = 0x20000000, type_true = 0x30000000,
                        type_null = 0x40000000, type_container = 0x50000000, has_offset = 0x80000000;
constexpr std::uint32_t flag_scalar = 0x10000000, flag_object = 0x20000000, flag_array = 0x40000000;

using Bytes = std::vector<char>;

void word(Bytes &out, std::size_t at, std::uint32_t value) {
    std::memcpy(out.data() + at, &value, sizeof(value));
}
void half(Bytes &out, std::uint16_t value) {
    out.resize(out.size() + 2);
    std::memcpy(out.data() + out.size() - 2, &value, 2);
}
void pad(Bytes &out) {
    while (out.size() % 4 != 0)
        out.push_back('\0');
}

void encode_number(Bytes &out, const std::string &literal) {
    bool negative = literal[0] == '-';
    std::string integer = literal.substr(negative), fraction;
    if (std::size_t const point = integer.find('.'); point != std::string::npos) {
        fraction = integer.substr(point + 1);
        integer.resize(point);
    }
    auto const decimals = static_cast<std::uint16_t>(fraction.size());
    while (integer.size() % 4 != 0)
        integer.insert(0, "0");
    while (fraction.size() % 4 != 0)
        fraction += '0';
    int weight = static_cast<int>(integer.size() / 4) - 1;
    std::vector<std::uint16_t> digits;
    std::string const all = integer + fraction;
    for (std::size_t i = 0; i < all.size(); i += 4)
        digits.push_back(static_cast<std::uint16_t>(std::stoi(all.substr(i, 4))));
    while (!digits.empty() && digits.front() == 0) {
        digits.erase(digits.begin());
        weight--;
    }
    while (!digits.empty() && digits.back() == 0)
        digits.pop_back();
    if (digits.empty()) {
        weight = 0;
        negative = false;
    }
    std::size_t const start = out.size();
    out.resize(start + 4);
    if (decimals <= 63 && weight >= -64 && weight <= 63)
        half(out, static_cast<std::uint16_t>(0x8000 | (negative ? 0x2000 : 0) | decimals << 7 |
                                             (weight < 0 ? 0x40 : 0) | (weight & 0x3F)));
    else {
        half(out, static_cast<std::uint16_t>((negative ? 0x4000 : 0) | decimals));
        half(out, static_cast<std::uint16_t>(weight));
    }
    for (std::uint16_t const digit : digits)
        half(out, digit);
    word(out, start, static_cast<std::uint32_t>(out.size() - start) << 2);
}

// Entries and data of a container's children, one after the other.
class Children {
  public:
    Children(Bytes &out, std::uint32_t flags, std::size_t pairs_or_items, std::size_t entries) : out_(out) {
        entry_ = out.size() + 4;
        data_ = entry_ + 4 * entries;
        out.resize(data_);
        word(out, entry_ - 4, flags | static_cast<std::uint32_t>(pairs_or_items));
    }
    void add(const Json &json);
    void add_key(const std::string &key) {
        std::size_t const start = out_.size();
        out_.insert(out_.end(), key.begin(), key.end());
        finish(0, start);
    }

  private:
    void finish(std::uint32_t type, std::size_t start) {
        auto const number =
            static_cast<std::uint32_t>(count_ % 32 == 0 ? out_.size() - data_ : out_.size() - start);
        word(out_, entry_ + 4 * count_, type | number | (count_ % 32 == 0 ? has_offset : 0));
        count_++;
    }
    Bytes &out_;
    std::size_t entry_, data_, count_ = 0;
};

void encode_container(Bytes &out, const Json &json) {
    if (json.is_object()) {
        Children children(out, flag_object, json.members.size(), 2 * json.members.size());
        for (const auto &member : json.members)
            children.add_key(member.first);
        for (const auto &member : json.members)
            children.add(member.second);
    } else {
        Children children(out, flag_array, json.items.size(), json.items.size());
        for (const Json &item : json.items)
            children.add(item);
    }
}

void Children::add(const Json &json) {
    std::size_t const start = out_.size();
    switch (json.kind) {
    case Json::Kind::null:
        return finish(type_null, start);
    case Json::Kind::boolean:
        return finish(json.truth ? type_true : type_false, start);
    case Json::Kind::string:
        out_.insert(out_.end(), json.text.begin(), json.text.end());
        return finish(0, start);
    case Json::Kind::number:
        pad(out_);
        encode_number(out_, json.text);
        return finish(type_numeric, start);
    default:
        pad(out_);
        encode_container(out_, json);
        return finish(type_container, start);
    }
}

} // namespace

std::vector<std::uint32_t> encode(const Json &json) {
    Bytes out(4);
    if (json.is_object() || json.is_array())
        encode_container(out, json);
    else {
        Children children(out, flag_array | flag_scalar, 1, 1);
        children.add(json);
    }
    word(out, 0, static_cast<std::uint32_t>(out.size()) << 2);
    std::vector<std::uint32_t> words((out.size() + 3) / 4);
    std::memcpy(words.data(), out.data(), out.size());
    return words;
}

} // namespace fuzz
