// world.cpp - see world.hpp. The shapes are those that key paths come in: toward a parent, toward children, chains,
// junctions, the same table twice, values that are no keys, groups, ranges, TVIEWs on TVIEWs.
#include <algorithm>
#include <map>

#include "world.hpp"

namespace model {

namespace {

class Builder {
  public:
    explicit Builder(std::string name) { shape_.name = std::move(name); }

    int table(const char *name, std::vector<int> links, bool filtered = false) {
        shape_.tables.emplace_back(name);
        shape_.links.push_back(std::move(links));
        shape_.filtered.push_back(filtered);
        return shape_.base_tables++;
    }

    // All base tables come first.
    int view(const char *name, std::vector<Source> sources) {
        View view;
        view.name = name;
        view.sources = std::move(sources);
        view.table = static_cast<int>(shape_.tables.size());
        shape_.tables.push_back(std::string("tv_") + name);
        view.children.resize(view.sources.size());
        std::vector<int> depth(view.sources.size(), 0);
        for (std::size_t i = 1; i < view.sources.size(); ++i) {
            const auto parent = static_cast<std::size_t>(view.sources[i].parent);
            view.children[parent].push_back(static_cast<int>(i));
            depth[i] = depth[parent] + 1;
            view.far_first.push_back(static_cast<int>(i));
        }
        std::stable_sort(view.far_first.begin(), view.far_first.end(), [&](int a, int b) {
            return depth[static_cast<std::size_t>(a)] > depth[static_cast<std::size_t>(b)];
        });
        shape_.views.push_back(view);
        return view.table;
    }

    Shape done() { return shape_; }

  private:
    Shape shape_;
};

Source root(int table, int key = key_column, bool filtered = false) {
    return {table, -1, key, -1, false, filtered};
}
// child's far column = parent's near column
Source join(int table, int parent, int far, int near, bool inner = true, bool filtered = false) {
    return {table, parent, far, near, inner, filtered};
}

std::vector<Shape> all_shapes() {
    std::vector<Shape> all;
    const auto add = [&](const char *name, auto build) {
        Builder builder(name);
        build(builder);
        all.push_back(builder.done());
    };
    add("parent", [](Builder &b) {
        const int user = b.table("user", {}), post = b.table("post", {1});
        b.view("post", {root(post), join(user, 0, 0, 1)});
    });
    add("parent, left join, filters", [](Builder &b) {
        const int user = b.table("user", {}, true), post = b.table("post", {1}, true);
        b.view("post", {root(post, key_column, true), join(user, 0, 0, 1, false, true)});
    });
    add("array", [](Builder &b) {
        const int category = b.table("category", {}), post = b.table("post", {1}, true);
        b.view("category", {root(category), join(post, 0, 1, 0, false, true)});
    });
    add("array by a code", [](Builder &b) {
        const int category = b.table("category", {2}), post = b.table("post", {1});
        b.view("category", {root(category), join(post, 0, 1, 2, false)});
    });
    add("array with a parent", [](Builder &b) {
        const int category = b.table("category", {}), post = b.table("post", {1, 2}),
                  user = b.table("user", {});
        b.view("category", {root(category), join(post, 0, 1, 0, false), join(user, 1, 0, 2)});
    });
    add("chain", [](Builder &b) {
        const int post = b.table("post", {1}), user = b.table("user", {2}), company = b.table("company", {});
        b.view("post", {root(post), join(user, 0, 0, 1), join(company, 1, 0, 2)});
    });
    add("chain, left joins", [](Builder &b) {
        const int post = b.table("post", {1}), user = b.table("user", {2}), company = b.table("company", {});
        b.view("post", {root(post), join(user, 0, 0, 1, false), join(company, 1, 0, 2, false)});
    });
    add("nested arrays by a code", [](Builder &b) {
        const int category = b.table("category", {2}), post = b.table("post", {1}),
                  comment = b.table("comment", {1});
        b.view("category", {root(category), join(post, 0, 1, 2, false), join(comment, 1, 1, 0, false)});
    });
    add("two roles", [](Builder &b) {
        const int post = b.table("post", {1, 2}), user = b.table("user", {});
        b.view("post", {root(post), join(user, 0, 0, 1), join(user, 0, 0, 2, false)});
    });
    add("junction", [](Builder &b) {
        const int post = b.table("post", {}), pair = b.table("post_tag", {1, 2}), tag = b.table("tag", {});
        b.view("post", {root(post), join(pair, 0, 1, 0, false), join(tag, 1, 0, 2)});
    });
    add("self", [](Builder &b) {
        const int category = b.table("category", {1});
        b.view("category", {root(category), join(category, 0, 0, 1, false)});
    });
    add("grandparent", [](Builder &b) {
        const int category = b.table("category", {1});
        b.view("category", {root(category), join(category, 0, 0, 1, false), join(category, 1, 0, 1, false)});
    });
    add("group", [](Builder &b) {
        const int post = b.table("post", {1, 2}), user = b.table("user", {});
        b.view("by_category", {root(post, 1), join(user, 0, 0, 2)});
    });
    add("range", [](Builder &b) {
        const int category = b.table("category", {1}), post = b.table("post", {1}),
                  level = b.table("level", {});
        Source any = join(level, 1, 0, 0, false);
        any.any_value = true;
        b.view("category", {root(category), join(post, 0, 1, 1, false), any});
    });
    add("four tables", [](Builder &b) {
        const int category = b.table("category", {}), post = b.table("post", {1, 2});
        const int user = b.table("user", {2}), company = b.table("company", {});
        b.view("category",
               {root(category), join(post, 0, 1, 0, false), join(user, 1, 0, 2), join(company, 2, 0, 2)});
    });
    add("on another", [](Builder &b) {
        const int post = b.table("post", {1}), user = b.table("user", {2}), company = b.table("company", {});
        const int tv_user = b.view("user", {root(user), join(company, 0, 0, 2)});
        b.view("post", {root(post), join(tv_user, 0, 0, 1)});
    });
    add("array of another", [](Builder &b) {
        const int category = b.table("category", {}), post = b.table("post", {1, 2}),
                  user = b.table("user", {});
        const int tv_post = b.view("post", {root(post), join(user, 0, 0, 2)});
        b.view("category", {root(category), join(post, 0, 1, 0, false), join(tv_post, 1, 0, 0)});
    });
    add("several", [](Builder &b) {
        const int post = b.table("post", {1}), user = b.table("user", {});
        b.view("post", {root(post), join(user, 0, 0, 1)});
        b.view("user", {root(user), join(post, 0, 1, 0, false)});
    });
    return all;
}

} // namespace

int View::branch(int source) const {
    while (source != 0 && sources[static_cast<std::size_t>(source)].parent != 0)
        source = sources[static_cast<std::size_t>(source)].parent;
    return source;
}

bool View::decides(int source) const {
    for (; source != 0; source = sources[static_cast<std::size_t>(source)].parent)
        if (!sources[static_cast<std::size_t>(source)].inner)
            return false;
    return true;
}

bool View::direct_key(int source) const {
    const Source &it = sources[static_cast<std::size_t>(source)];
    return it.parent == 0 && !it.any_value && it.near_column == sources[0].far_column;
}

const std::vector<Shape> &shapes() {
    static const std::vector<Shape> all = all_shapes();
    return all;
}

bool counts(const Source &source, const Row &row) {
    return row.exists && (!source.filtered || row.column[filter_column] == 1);
}

std::string joined(const Parts &parts) {
    std::string out = "(";
    for (const std::string &part : parts)
        out += part + ',';
    return out + ')';
}

namespace {
constexpr int first_document = 100;
std::map<Parts, int> numbers;
std::vector<Parts> contents;
} // namespace

int intern(const Parts &content) {
    const auto [at, fresh] = numbers.emplace(content, first_document + static_cast<int>(contents.size()));
    if (fresh)
        contents.push_back(content);
    return at->second;
}

const Parts &parts_of(int document) { return contents[static_cast<std::size_t>(document - first_document)]; }

} // namespace model
