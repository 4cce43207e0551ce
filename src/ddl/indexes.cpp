// ddl/indexes.cpp - see indexes.hpp. Made after the rows are in, as the table's owner.
#include "ddl/indexes.hpp"

#include "ddl/statement.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

namespace tviews::ddl {

namespace {

bool contains(List *names, const char *name) {
    for (const char *other : pg::each<const char>(names))
        if (strcmp(other, name) == 0)
            return true;
    return false;
}

} // namespace

const char *key_list(const definition::Shape &shape) {
    StringInfoData names;
    initStringInfo(&names);
    for (int column : shape.key)
        appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", pg::quoted(shape.columns[column].name));
    return names.data;
}

void add_primary_key(Oid table, const definition::Shape &shape) {
    const char *const name = pg::qualified_name(table);
    const char *const sql = psprintf("ALTER TABLE %s ADD PRIMARY KEY (%s)", name, key_list(shape));
    pg::with_edited_error(
        [&] { run(sql); },
        [&](ErrorData *error) {
            if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
                return;
            error->sqlerrcode = errors::duplicate_key;
            error->message = psprintf("the definition of TVIEW %s returns a key more than once", name);
            error->hint = pstrdup("Make the SELECT return one row per key, for example by a join on a "
                                  "unique column, or by aggregating what is to be an array.");
        });
}

void add_indexes(Oid table, const definition::Shape &shape, const Options &options, List *existing) {
    const char *const name = pg::qualified_name(table);
    const char *const first_key = shape.columns[shape.key[0]].name;
    for (const definition::OutputColumn &column : shape.columns) {
        if (contains(existing, column.name))
            continue;
        bool const link = strcmp(column.name, "id") == 0 || strncmp(column.name, "fk_", 3) == 0;
        if (options.indexes && link && strcmp(column.name, first_key) != 0)
            run(psprintf("CREATE INDEX ON %s (%s)", name, pg::quoted(column.name)));
        if (options.data_gin_index && strcmp(column.name, "data") == 0)
            run(psprintf("CREATE INDEX ON %s USING gin (%s jsonb_path_ops)", name, pg::quoted(column.name)));
    }
}

} // namespace tviews::ddl
