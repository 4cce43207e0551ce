// spine.hpp - what the files that make whole SELECTs share: the body under construction and its usual outputs.
//
// spine.cpp has the common forms (flat, grouped, DISTINCT, set operations), spine_rooted.cpp those whose root is
// something else than a table (a subquery, a recursion, a FULL JOIN, keys named by the caller).
#pragma once

#include "definition.hpp"

namespace oracle::spines {

struct Body {
    Scope scope;
    std::vector<Node> from;
    std::vector<Node> where;
};

bool roots_a_definition(const Relation &relation);
std::optional<RelationPtr> choose_root(Context &c, bool tables_only);
Body start(Context &c, const RelationPtr &root);
Output key_output(const Alias &alias, int column, const std::string &name);
Output uuid_of(const Node &source); // an id made from another column
Output id_output(const Alias &alias);
Output data_output(Node document);
std::string key_name(Context &c, const Alias &root, const std::string &entity);
// Links as fk_ columns and a few plain columns beside the document.
void add_extras(Context &c, const Scope &scope, std::vector<Output> &outputs);
void add_unique_joins(Context &c, Body &body, int at_most);
Node tail_of(const Body &body, Node after = {});

// spine_rooted.cpp
// GROUP BY a link: the parent's key is the key of the definition. With `any_column`, any column, named as the key.
std::optional<Spine> grouped_by_link(Context &c, const std::string &entity, bool any_column);
// The root is a FROM subquery; its unique link is the key.
std::optional<Spine> from_subquery(Context &c, const std::string &entity);
// Two grouped subqueries in a FULL JOIN: the key is the merged column of USING, or a coalesce.
std::optional<Spine> full_join_of_groups(Context &c, const std::string &entity);
std::optional<Spine> recursive(Context &c, const std::string &entity);
// Keys named by the caller: a uuid, a junction's pair, a row and its position in an array, ...
std::optional<Spine> keyed(Context &c, const std::string &entity);

} // namespace oracle::spines
