// definition/describe.cpp - see describe.hpp.
#include "definition/describe.hpp"

#include "definition/assembly.hpp"
#include "definition/layout.hpp"
#include "pg/names.hpp"

extern "C" {
#include "access/sysattr.h"
#include "utils/json.h"
}

namespace tviews::definition {

namespace {

const char *column_list(Oid relation, const Bitmapset *columns) {
    StringInfoData text;
    initStringInfo(&text);
    int member = -1;
    while ((member = bms_next_member(columns, member)) >= 0) {
        auto const attno = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
        const char *const name = attno == 0 ? "*" : get_attname(relation, attno, true);
        appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", name == nullptr ? "?" : name);
    }
    return text.len > 0 ? text.data : "none (its rows are counted)";
}

const char *link_list(const Source &source) {
    StringInfoData text;
    initStringInfo(&text);
    for (const LinkColumn &column : source.toward->link)
        appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "",
                         get_attname(source.relation, column.attno, true));
    return text.data;
}

const char *locks(const Edge &edge) {
    if (edge.direct_key || edge.lockless)
        return "the key";
    return edge.by_value ? "by value" : "the whole link";
}

// What a change of the source's rows, or of single columns, patches.
void describe_patches(const Shape &shape, std::size_t index, pg::vector<const char *> &lines) {
    if (shape.layout == nullptr)
        return;
    SourceFeeds const &feeds = shape.layout->sources[index];
    if (feeds.array >= 0)
        lines.push_back(psprintf("  patches: %s (elements by %s)", leaf_paths(*shape.layout, feeds.confined),
                                 shape.layout->arrays[static_cast<std::size_t>(feeds.array)].key));
    else if (feeds.confined != 0)
        lines.push_back(psprintf("  patches: %s", leaf_paths(*shape.layout, feeds.confined)));
    const char *identity = "";
    for (const Identity &one : feeds.identity)
        identity = psprintf("%s%s%s", identity, *identity == '\0' ? "" : ", ",
                            shape.columns[static_cast<std::size_t>(one.column)].name);
    for (const Feed &feed : feeds.feeds) {
        bool const own = (feed.leaves & ~feeds.own) == 0;
        lines.push_back(psprintf(
            "  patches by %s: %s%s", get_attname(shape.sources[index]->relation, feed.attno, true),
            leaf_paths(*shape.layout, feed.leaves), own ? psprintf(" (its row by %s)", identity) : ""));
    }
}

// Which rows make up a row of the definition.
const char *describe_assembly(const Shape &shape) {
    StringInfoData text;
    initStringInfo(&text);
    for (const LookUp *look_up : shape.assembly->look_ups) {
        appendStringInfo(&text, "%s%s by ", text.len > 0 ? ", " : "", look_up->alias);
        const char *separator = "";
        for (const Identity &identity : look_up->identity) {
            appendStringInfo(&text, "%s%s", separator, get_attname(look_up->relation, identity.attno, true));
            separator = "+";
        }
    }
    return text.data;
}

void json_string(StringInfo out, const char *name, const char *value) {
    escape_json(out, name);
    appendStringInfoString(out, ": ");
    if (value == nullptr)
        appendStringInfoString(out, "null");
    else
        escape_json(out, value);
}

void json_columns(StringInfo out, const char *name, Oid relation, const Bitmapset *columns) {
    escape_json(out, name);
    appendStringInfoString(out, ": [");
    int member = -1;
    bool first = true;
    while ((member = bms_next_member(columns, member)) >= 0) {
        auto const attno = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
        const char *const column = attno == 0 ? "*" : get_attname(relation, attno, true);
        if (column == nullptr)
            continue;
        appendStringInfoString(out, first ? "" : ", ");
        escape_json(out, column);
        first = false;
    }
    appendStringInfoString(out, "]");
}

const char *role_of(const Shape &shape, std::size_t column) {
    for (int key : shape.key)
        if (static_cast<std::size_t>(key) == column)
            return "key";
    const char *const name = shape.columns[column].name;
    std::size_t const length = strlen(name);
    if (strcmp(name, "id") == 0 || strcmp(name, "data") == 0 || strcmp(name, "identifier") == 0)
        return name;
    if (strncmp(name, "fk_", 3) == 0)
        return "foreign key";
    if (strncmp(name, "pk_", 3) == 0)
        return "primary key of a parent";
    if (length > 3 && strcmp(name + length - 3, "_id") == 0)
        return "uuid filter";
    return "column";
}

} // namespace

int count_all_keys(const Shape &shape) {
    int count = 0;
    for (const Source *source : shape.sources)
        count += source->route == Route::all_keys ? 1 : 0;
    return count;
}

pg::vector<const char *> describe_text(const Shape &shape) {
    pg::vector<const char *> lines;
    StringInfoData keys;
    initStringInfo(&keys);
    for (int key : shape.key)
        appendStringInfo(&keys, "%s%s", keys.len > 0 ? ", " : "",
                         shape.columns[static_cast<std::size_t>(key)].name);
    lines.push_back(psprintf("key: %s", keys.data));
    if (shape.unit.size() != shape.key.size())
        lines.push_back(
            psprintf("maintained by: %s", shape.columns[static_cast<std::size_t>(shape.unit[0])].name));
    if (shape.assembly != nullptr)
        lines.push_back(psprintf("rows without a query: %s", describe_assembly(shape)));
    for (std::size_t i = 0; i < shape.sources.size(); i++) {
        const Source *const source = shape.sources[i];
        lines.push_back(psprintf("source %s: %s", source->alias, pg::qualified_name(source->relation)));
        if (get_rel_relkind(source->relation) == RELKIND_MATVIEW)
            lines.push_back("  stale: a materialized view, as old as its last refresh");
        lines.push_back(psprintf("  columns used: %s", column_list(source->relation, source->used)));
        switch (source->route) {
        case Route::key:
            lines.push_back("  strategy: a changed row carries the key");
            break;
        case Route::all_keys:
            lines.push_back(psprintf("  strategy: full refresh with diff, because %s",
                                     source->reason ? source->reason : "no condition links it to the key"));
            break;
        case Route::edge:
            if (source->toward->direct_key) {
                lines.push_back(
                    psprintf("  strategy: a changed row carries the key in %s", link_list(*source)));
                break;
            }
            lines.push_back(psprintf("  strategy: affected keys by %s", link_list(*source)));
            for (const Edge *edge = source->toward; edge != nullptr; edge = edge->next) {
                if (edge->direct_key) {
                    lines.push_back("  then: the link value is the key");
                    continue;
                }
                lines.push_back(psprintf("  walk: %s", edge->point_sql));
                lines.push_back(psprintf("    locks: %s", locks(*edge)));
            }
            break;
        }
        if (source->route != Route::all_keys)
            describe_patches(shape, i, lines);
    }
    return lines;
}

const char *describe_json(const Shape &shape) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoString(&out, "{\"columns\": [");
    for (std::size_t i = 0; i < shape.columns.size(); i++) {
        const OutputColumn &column = shape.columns[i];
        appendStringInfoString(&out, i > 0 ? ", {" : "{");
        json_string(&out, "name", column.name);
        appendStringInfoString(&out, ", ");
        json_string(&out, "type", format_type_with_typemod(column.type, column.typmod));
        appendStringInfoString(&out, ", ");
        json_string(&out, "role", role_of(shape, i));
        appendStringInfoString(&out, "}");
    }
    appendStringInfoString(&out, "], \"key\": [");
    for (std::size_t i = 0; i < shape.key.size(); i++) {
        appendStringInfoString(&out, i > 0 ? ", " : "");
        escape_json(&out, shape.columns[static_cast<std::size_t>(shape.key[i])].name);
    }
    appendStringInfo(&out, "], \"key_nullable\": %s, \"incremental\": %s, \"sources\": [",
                     shape.key_nullable ? "true" : "false", count_all_keys(shape) == 0 ? "true" : "false");
    bool first = true;
    for (const Source *source : shape.sources) {
        appendStringInfoString(&out, first ? "{" : ", {");
        first = false;
        json_string(&out, "alias", source->alias);
        appendStringInfoString(&out, ", ");
        json_string(&out, "relation", pg::qualified_name(source->relation));
        appendStringInfoString(&out, ", ");
        json_columns(&out, "used_columns", source->relation, source->used);
        appendStringInfoString(&out, ", ");
        bool const direct = source->route == Route::edge && source->toward->direct_key;
        json_string(&out, "strategy",
                    source->route == Route::key || direct ? "key"
                    : source->route == Route::edge        ? "path"
                                                          : "full refresh");
        if (source->route == Route::all_keys) {
            appendStringInfoString(&out, ", ");
            json_string(&out, "reason", source->reason ? source->reason : "no condition links it to the key");
        }
        if (source->route == Route::edge) {
            appendStringInfoString(&out, ", ");
            json_string(&out, "link", link_list(*source));
            appendStringInfoString(&out, ", \"path\": [");
            bool first_edge = true;
            for (const Edge *edge = source->toward; edge != nullptr; edge = edge->next) {
                appendStringInfoString(&out, first_edge ? "{" : ", {");
                first_edge = false;
                json_string(&out, "near", edge->near_name);
                appendStringInfoString(&out, ", ");
                json_string(&out, "locks", locks(*edge));
                appendStringInfoString(&out, ", ");
                json_string(&out, "query", edge->direct_key ? nullptr : edge->point_sql);
                appendStringInfoString(&out, "}");
            }
            appendStringInfoString(&out, "]");
        }
        appendStringInfoString(&out, "}");
    }
    appendStringInfoString(&out, "]}");
    return out.data;
}

} // namespace tviews::definition
