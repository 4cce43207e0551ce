// relation.hpp - what a generated query can read: tables, views, TVIEWs, CTEs and derived tables, all described alike.
//
// Columns that hold the same kind of value share a domain (the key of a table and every link to it; a natural key and
// its references), so that joins can be chosen that hit. A relation knows which of its columns are unique: the
// generator needs it to keep the key of a definition unique and to write total orders.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tree.hpp"
#include "types.hpp"

namespace oracle {

enum class Role { key, id, link, natural, payload, soft_delete, generated };

constexpr int no_domain = -1;
constexpr int natural_domain = 100; // + table number: domain of a table's natural key

struct Column {
    std::string name;
    Type type = Type::int4;
    Role role = Role::payload;
    bool not_null = false;
    bool unique = false; // no two rows share a non-null value
    int domain = no_domain;
    std::string expression; // of a generated column
};

enum class Origin { table, view, tview, cte, derived };

struct Relation {
    std::string name;
    Origin origin = Origin::table;
    std::vector<Column> columns;
    std::vector<int> unique_key; // columns that identify a row; empty: nothing does
    int key = -1, id = -1;       // the pk_ column and the uuid
    bool primary_key = false;    // GROUP BY key may use functional dependency
    bool ordered_data = true;    // false: holds aggregates without ORDER BY, known only up to their order
    int tview = -1;
};

using RelationPtr = std::shared_ptr<const Relation>;

struct Alias {
    std::string name;
    RelationPtr relation;
    bool padded = false; // may be a row of NULLs made by an outer join
    bool single =
        false; // at most one row for each row of the aliases before it: adds nothing to a total order

    [[nodiscard]] const Column &column(int number) const {
        return relation->columns[static_cast<std::size_t>(number)];
    }
    [[nodiscard]] std::string reference(int number) const {
        return identifier(name) + "." + identifier(column(number).name);
    }
};

struct Scope {
    std::vector<Alias> aliases;
    const Scope *outer = nullptr;
};

// `relation alias`, for FROM.
std::string table_item(const Alias &alias);

} // namespace oracle
