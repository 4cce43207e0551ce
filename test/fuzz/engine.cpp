// engine.cpp - the patch engine without a server, under sanitizers: random edits against the plain operations of
// json.hpp, compared as bytes.
//
//   engine [--cases N] [--seed N]      random cases; the last line is "N passed, N failed"
//
// With -DTVIEWS_LIBFUZZER the same cases are driven by libFuzzer's bytes. Besides equal bytes it is checked that an edit
// without effect returns the document itself, and, by malloc'ing documents and output exactly, that nothing is read or
// written outside.
#include "encode.hpp"
#include "shim.hpp"

#include "patch/patch.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace {

using namespace fuzz;
namespace patch = tviews::patch;
using patch::Container;

// A document in memory of exactly its size.
class Document {
  public:
    explicit Document(const Json &json)
        : words_(encode(json)), bytes_(static_cast<char *>(std::malloc(size()))) {
        std::memcpy(bytes_.get(), words_.data(), size());
    }
    const Jsonb *get() const { return reinterpret_cast<const Jsonb *>(bytes_.get()); }
    std::size_t size() const { return words_[0] >> 2; }
    patch::Value value() const { return patch::value_of(get()); }
    Container container() const { return Container(get()); }

  private:
    struct Free {
        void operator()(char *bytes) const { std::free(bytes); }
    };
    std::vector<std::uint32_t> words_;
    std::unique_ptr<char, Free> bytes_;
};

[[noreturn]] void report(const char *operation, const Json &target, const Json &expected,
                         const std::string &details) {
    std::fprintf(stderr, "%s: wrong result\ntarget: %s\nexpected: %s\n%s\n", operation, target.dump().c_str(),
                 expected.dump().c_str(), details.c_str());
    std::abort();
}

void check(const char *operation, const Json &target, const Document &before, const Jsonb *result,
           const Json &expected, const std::string &details, bool may_copy = false) {
    Document const wanted(expected);
    if (VARSIZE(result) != wanted.size() || std::memcmp(result, wanted.get(), wanted.size()) != 0)
        report(operation, target, expected, details);
    bool const same =
        before.size() == wanted.size() && std::memcmp(before.get(), wanted.get(), wanted.size()) == 0;
    if (!may_copy && same != (result == before.get()))
        report(operation, target, expected,
               same ? "an edit without effect copied the document" : "edited in place");
}

patch::Key key_of(const std::string &text) noexcept {
    return {text.data(), static_cast<uint32>(text.size())};
}

struct Steps {
    explicit Steps(const Path &path) {
        for (const Step &step : path)
            steps.push_back({key_of(step.key), step.index,
                             step.element ? patch::Step::Kind::element : patch::Step::Kind::member});
    }
    patch::Path get() const { return {steps.data(), static_cast<uint32>(steps.size()), "target"}; }
    std::vector<patch::Step> steps;
};

// The longest part of a path through objects that ends at an object or at nothing.
Path object_path(const Json &document, Path path) {
    const Json *at = &document;
    for (std::size_t i = 0; i < path.size() && at != nullptr; i++) {
        at = at->find(path[i].key);
        if (at != nullptr && !at->is_object())
            path.resize(i);
    }
    return path;
}

void merges(Choices &choices) {
    Json const target = random_object(choices, random_count(choices), 2);
    Json const source = random_source(choices, target, 2);
    Document const before(target), updates(source);
    bool const deep = choices.chance(50);
    Json expected = target;
    patch::Patch edits(before.get());
    if (choices.chance(70)) {
        merge(expected, source, deep);
        patch::merge(edits, edits.root(), updates.container(),
                     deep ? patch::Depth::deep : patch::Depth::shallow);
        check("merge", target, before, edits.finish(), expected, source.dump());
        return;
    }
    Path const path = object_path(target, random_path(choices, target, false));
    merge(create_path(expected, path), source, false);
    Steps const steps(path);
    patch::merge(edits, patch::object_at_path(edits, edits.root(), steps.get()), updates.container(),
                 patch::Depth::shallow);
    check("merge at path", target, before, edits.finish(), expected,
          source.dump() + " at " + path_text(path));
}

void paths(Choices &choices) {
    Json target = random_object(choices, random_count(choices), 2);
    if (choices.chance(20)) {
        Json array = empty(Json::Kind::array);
        for (auto &member : target.members)
            array.items.push_back(member.second);
        target = array;
    }
    Path const path = random_path(choices, target, true);
    Json value = random_value(choices, 2);
    std::string const text = path_text(path);
    Json expected = target;
    set_path(expected, path, 0, value);
    Document const before(target), fresh(value);
    patch::Patch edits(before.get());
    patch::set_path(edits, edits.root(), patch::parse_path(text.data(), static_cast<uint32>(text.size())),
                    fresh.value());
    check("set path", target, before, edits.finish(), expected, text + " = " + value.dump());
}

// Several edits of one document, at paths that the edits before may have made.
void several(Choices &choices) {
    Json const target = random_object(choices, random_count(choices), 2);
    Document const before(target);
    Json expected = target;
    std::string details;
    patch::Patch edits(before.get());
    std::vector<std::unique_ptr<Document>> documents;
    std::vector<std::unique_ptr<Path>> kept;
    for (std::uint32_t count = 1 + choices.below(8); count > 0; count--) {
        bool const set = choices.chance(60);
        kept.push_back(std::make_unique<Path>(random_path(choices, expected, set)));
        if (!set)
            *kept.back() = object_path(expected, *kept.back());
        Path const &path = *kept.back();
        Steps const steps(path);
        if (set) {
            Json const value = random_value(choices, 2);
            documents.push_back(std::make_unique<Document>(value));
            set_path(expected, path, 0, value);
            patch::set_path(edits, edits.root(), steps.get(), documents.back()->value());
            details += path_text(path) + " = " + value.dump() + "\n";
        } else {
            Json &inside = create_path(expected, path);
            Json const source = random_source(choices, inside, 1);
            documents.push_back(std::make_unique<Document>(source));
            bool const deep = choices.chance(50);
            merge(inside, source, deep);
            patch::merge(edits, patch::object_at_path(edits, edits.root(), steps.get()),
                         documents.back()->container(), deep ? patch::Depth::deep : patch::Depth::shallow);
            details += path_text(path) + (deep ? " deep" : "") + " merge " + source.dump() + "\n";
        }
    }
    check("several edits", target, before, edits.finish(), expected, details, true);
}

void elements(Choices &choices) {
    std::string const name = "list", key = "#id";
    Json list = random_elements(choices, key);
    Json target = random_object(choices, random_count(choices), 1);
    if (choices.chance(95))
        target.set(name, list);
    else
        target = empty(Json::Kind::object), list = empty(Json::Kind::array);
    Json const wanted = wanted_id(choices, list, key);
    std::size_t const at = find_element(list, key, wanted);
    bool const found = at < list.items.size();
    Document const before(target), id(wanted);
    patch::Match const match = {key_of(name), key_of(key), id.value()};
    Json expected = target;
    Json const none = empty(Json::Kind::object);
    const Json &element = found ? list.items[at] : none;
    auto const place = [&]() -> Json & { return expected.find(name)->items[at]; };

    switch (choices.below(5)) {
    case 0: {
        if (patch::contains_element(before.get(), match) != found)
            report("contains", target, expected, wanted.dump());
        Json const source = random_source(choices, element, 1);
        Document const updates(source);
        if (found)
            merge(place(), source, false);
        check("merge element", target, before, patch::merge_element(before.get(), match, updates.container()),
              expected, wanted.dump() + ": " + source.dump());
        return;
    }
    case 1:
        if (found)
            expected.find(name)->items.erase(expected.find(name)->items.begin() +
                                             static_cast<std::ptrdiff_t>(at));
        check("remove element", target, before, patch::remove_element(before.get(), match), expected,
              wanted.dump());
        return;
    case 2: {
        Path const path = random_path(choices, element, true);
        Json const value = random_value(choices, 1);
        Document const fresh(value);
        Steps const steps(path);
        if (found)
            set_path(place(), path, 0, value);
        check("set in element", target, before,
              patch::set_in_element(before.get(), match, steps.get(), fresh.value()), expected,
              wanted.dump() + ": " + path_text(path) + " = " + value.dump());
        return;
    }
    default: {
        Json batch = empty(Json::Kind::array);
        std::vector<std::size_t> places;
        for (std::uint32_t i = choices.below(choices.chance(80) ? 6 : 50); i > 0; i--) {
            Json update = empty(Json::Kind::object);
            Json const other = wanted_id(choices, list, key);
            places.push_back(find_element(list, key, other));
            update.set("match_value", other);
            update.set("updates", random_source(choices, element, 1));
            if (places.back() < list.items.size())
                merge(expected.find(name)->items[places.back()], *update.find("updates"), false);
            batch.items.push_back(update);
        }
        Document const updates(batch);
        check("merge elements", target, before,
              patch::merge_elements(before.get(), match.array, match.key, updates.container()), expected,
              batch.dump(), true);
        return;
    }
    }
}

void insertions(Choices &choices) {
    std::string const name = "list", key = "#id";
    auto const simple_id = [&] {
        return choices.chance(70)
                   ? number(std::to_string(choices.below(40)))
                   : string(std::string(1 + choices.below(3), static_cast<char>('a' + choices.below(3))));
    };
    Json list = empty(Json::Kind::array);
    for (std::uint32_t count = random_count(choices); count > 0; count--) {
        Json element = random_object(choices, choices.below(4), 0);
        if (choices.chance(90))
            element.set(key, simple_id());
        list.items.push_back(choices.chance(3) ? random_scalar(choices) : element);
    }
    bool const descending = choices.chance(50), append = choices.chance(20);
    sort_elements(list, key, descending);
    Json target = random_object(choices, random_count(choices), 1);
    if (choices.chance(95))
        target.set(name, list);
    else
        target = empty(Json::Kind::object), list.items.clear();
    Json element = random_object(choices, choices.below(4), 1);
    if (choices.chance(90))
        element.set(key, simple_id());
    Document const before(target), fresh(element);
    Json expected = target;
    list.items.insert(list.items.begin() +
                          static_cast<std::ptrdiff_t>(
                              append ? list.items.size() : sorted_position(list, key, element, descending)),
                      element);
    expected.set(name, list);
    patch::Order const order = append       ? patch::Order::none
                               : descending ? patch::Order::descending
                                            : patch::Order::ascending;
    check("insert element", target, before,
          patch::insert_element(before.get(), key_of(name), fresh.value(), key_of(key), order), expected,
          element.dump() + (descending ? " desc" : " asc"));
}

// Some elements of an array, told apart by their ids, change, come, go and move.
void renewals(Choices &choices) {
    std::string const name = "list", key = "id";
    bool const numbers = choices.chance(50), in_place = choices.chance(30);
    auto const id = [&](std::uint32_t n) {
        return numbers ? number(std::to_string(n)) : string("id " + std::to_string(n));
    };
    auto const element = [&](std::uint32_t n) {
        Json made = random_object(choices, choices.below(5), 1);
        made.set(key, id(n));
        return made;
    };
    std::uint32_t const count = random_count(choices);
    Json before_list = empty(Json::Kind::array), ids = empty(Json::Kind::array);
    Json fresh = empty(Json::Kind::array), order = empty(Json::Kind::array), list = empty(Json::Kind::array);
    for (std::uint32_t n = 0; n < count; n++)
        before_list.items.push_back(element(n));
    std::vector<std::pair<std::uint32_t, Json>> now;
    std::vector<bool> changed(count + 5, false);
    for (std::uint32_t n = 0; n < count; n++)
        now.emplace_back(n, before_list.items[n]);
    for (std::uint32_t more = choices.below(choices.chance(80) ? 4 : 40); more > 0; more--) {
        std::uint32_t const n = choices.below(count + 5);
        if (changed[n])
            continue;
        changed[n] = true;
        ids.items.push_back(id(n));
        std::size_t at = 0;
        while (at < now.size() && now[at].first != n)
            at++;
        bool const there = at < now.size();
        if (there && (in_place || choices.chance(40))) {
            now[at].second = element(n);
        } else if (!in_place) {
            if (there)
                now.erase(now.begin() + static_cast<std::ptrdiff_t>(at));
            if (choices.chance(70))
                now.emplace(now.begin() + choices.below(static_cast<std::uint32_t>(now.size()) + 1), n,
                            element(n));
        }
    }
    for (const auto &[n, made] : now) {
        order.items.push_back(id(n));
        list.items.push_back(made);
        if (changed[n])
            fresh.items.push_back(made);
    }
    bool const broken = count > 0 && choices.chance(5);
    if (broken)
        before_list.items[choices.below(count)] =
            choices.chance(50) ? random_scalar(choices) : empty(Json::Kind::object);
    Json target = random_object(choices, random_count(choices), 1);
    target.set(name, before_list);
    Json expected = target;
    expected.set(name, list);
    Document const before(target), ids_now(ids), elements_now(fresh), order_now(order);
    patch::Patch edits(before.get());
    patch::Plan *const plan = edits.descend(edits.root(), key_of(name));
    Container const in_order = order_now.container();
    bool const done = patch::renew_elements(edits, plan, key_of(key), ids_now.container(),
                                            elements_now.container(), in_place ? nullptr : &in_order);
    if (done != (!broken && (in_place || !now.empty())))
        report("renew elements", target, expected, done ? "not refused" : "refused");
    if (done)
        check("renew elements", target, before, edits.finish(), expected, ids.dump(), true);
}

// Arguments of any kind: an error or a result, but nothing else.
void nonsense(Choices &choices) {
    std::string path;
    for (std::uint32_t length = choices.below(12); length > 0; length--) {
        static constexpr char letters[] = {'a', '.', '[', ']', '0', '9', '-', ' '};
        path += choices.pick(letters);
    }
    Document const target(random_value(choices, 2)), other(random_value(choices, 2));
    patch::Match const match = {{"k1", 2}, {"k2", 2}, other.value()};
    try {
        patch::Patch edits(target.get());
        patch::set_path(edits, edits.root(), patch::parse_path(path.data(), static_cast<uint32>(path.size())),
                        other.value());
        edits.finish();
    } catch (const ServerError &) {}
    try {
        patch::merge_elements(target.get(), match.array, match.key, other.container());
    } catch (const ServerError &) {}
    try {
        patch::remove_element(target.get(), match);
        patch::insert_element(target.get(), match.array, other.value(), match.key, patch::Order::none);
    } catch (const ServerError &) {}
}

void run(Choices &choices) {
    switch (choices.below(11)) {
    case 0:
    case 1:
        merges(choices);
        break;
    case 2:
    case 3:
        paths(choices);
        break;
    case 4:
        several(choices);
        break;
    case 5:
    case 6:
        elements(choices);
        break;
    case 7:
        insertions(choices);
        break;
    case 8:
    case 9:
        renewals(choices);
        break;
    default:
        nonsense(choices);
        break;
    }
    free_all();
}

} // namespace

#ifdef TVIEWS_LIBFUZZER
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    Choices choices(data, size);
    run(choices);
    return 0;
}
#else
int main(int argc, char **argv) {
    std::uint64_t cases = 20000, seed = 1;
    for (int i = 1; i + 1 < argc; i += 2)
        (std::strcmp(argv[i], "--cases") == 0 ? cases : seed) = std::strtoull(argv[i + 1], nullptr, 10);
    for (std::uint64_t i = 0; i < cases; i++) {
        Choices choices(seed * 1000000007 + i);
        try {
            run(choices);
        } catch (const ServerError &error) {
            std::fprintf(stderr, "seed %llu case %llu: unexpected error: %s\n",
                         static_cast<unsigned long long>(seed), static_cast<unsigned long long>(i),
                         error.message.c_str());
            std::printf("0 passed, 1 failed\n");
            return 1;
        }
    }
    std::printf("%llu random cases\n1 passed, 0 failed\n", static_cast<unsigned long long>(cases));
    return 0;
}
#endif
