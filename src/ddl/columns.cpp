// ddl/columns.cpp - see columns.hpp. Runs as the current user, a member of the owner.
//
// ALTER COLUMN TYPE builds indexes, statistics objects and constraints again and leaves grants, comments and targets alone;
// only storage and compression are reset. Old values that cannot be cast become null: all are computed again.
#include "ddl/columns.hpp"

#include "ddl/statement.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "access/toast_compression.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
}

namespace tviews::ddl {

namespace {

struct Physical {
    char storage;
    char compression;
};

Physical physical(Oid table, const char *column) {
    HeapTuple const tuple = SearchSysCacheAttName(table, column);
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "column \"%s\" of relation %u does not exist", column, table);
    auto const *const attribute = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple));
    Physical const result{attribute->attstorage, attribute->attcompression};
    ReleaseSysCache(tuple);
    return result;
}

const char *storage_name(char storage) {
    switch (storage) {
    case TYPSTORAGE_EXTERNAL:
        return "EXTERNAL";
    case TYPSTORAGE_EXTENDED:
        return "EXTENDED";
    case TYPSTORAGE_MAIN:
        return "MAIN";
    default:
        return "PLAIN";
    }
}

// What DROP COLUMN takes with it.
void report_lost(Oid table, const char *column) {
    pg::SpiSession const spi;
    (void) pg::spi_execute(
        psprintf("SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d "
                 "LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid "
                 "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = %u AND d.refobjsubid = %d "
                 "AND d.deptype = 'a' AND c.contype IS DISTINCT FROM 'n' AND d.classid IN "
                 "('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_statistic_ext'::regclass) ORDER BY 1",
                 table, get_attnum(table, column)));
    for (uint64 i = 0; i < SPI_processed; i++)
        ereport(NOTICE, errmsg("%s is dropped with column \"%s\" of TVIEW \"%s\"",
                               SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1), column,
                               get_rel_name(table)));
}

const char *type_of(const definition::OutputColumn &column) {
    const char *const type = pg::type_name(column.type, column.typmod);
    return OidIsValid(column.collation)
               ? psprintf("%s COLLATE %s", type, pg::collation_name(column.collation))
               : type;
}

void retype(Oid table, const definition::OutputColumn &old, const definition::OutputColumn &fresh) {
    const char *const name = pg::qualified_name(table);
    const char *const column = pg::quoted(old.name);
    const char *const change =
        psprintf("ALTER TABLE %s ALTER COLUMN %s TYPE %s", name, column, type_of(fresh));
    const char *const type = pg::type_name(fresh.type, fresh.typmod);
    const char *const shown = format_type_with_typemod(fresh.type, fresh.typmod);
    Physical const before = physical(table, old.name);
    bool const special = before.storage != get_typstorage(old.type);
    if (pg::try_subtransaction([&] { run(psprintf("%s USING %s::%s", change, column, type)); }))
        pg::with_edited_error(
            [&] { run(psprintf("%s USING NULL::%s", change, type)); },
            [&](ErrorData *error) {
                if (error->sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED)
                    error->sqlerrcode = ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST;
                error->message = psprintf("cannot change column \"%s\" of TVIEW \"%s\" to type %s: %s",
                                          old.name, get_rel_name(table), shown, error->message);
                error->hint =
                    psprintf("Drop what needs the column as it is, or call the new one by another name.");
            });
    if (get_typstorage(fresh.type) == TYPSTORAGE_PLAIN)
        return;
    if (special)
        run(psprintf("ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s", name, column,
                     storage_name(before.storage)));
    if (CompressionMethodIsValid(before.compression))
        run(psprintf("ALTER TABLE %s ALTER COLUMN %s SET COMPRESSION %s", name, column,
                     GetCompressionMethodName(before.compression)));
}

} // namespace

const definition::OutputColumn *find_column(const pg::vector<definition::OutputColumn> &columns,
                                            const char *name) {
    for (const definition::OutputColumn &column : columns)
        if (strcmp(column.name, name) == 0)
            return &column;
    return nullptr;
}

bool same_type(const definition::OutputColumn &left, const definition::OutputColumn &right) {
    return left.type == right.type && left.typmod == right.typmod && left.collation == right.collation;
}

bool alter_columns(Oid table, const pg::vector<definition::OutputColumn> &old_columns,
                   const pg::vector<definition::OutputColumn> &new_columns) {
    const char *const name = pg::qualified_name(table);
    bool retyped = false;
    for (const definition::OutputColumn &old : old_columns) {
        const definition::OutputColumn *const fresh = find_column(new_columns, old.name);
        if (fresh == nullptr) {
            report_lost(table, old.name);
            run(psprintf("ALTER TABLE %s DROP COLUMN %s RESTRICT", name, pg::quoted(old.name)));
        } else if (!same_type(old, *fresh)) {
            retype(table, old, *fresh);
            retyped = true;
        }
    }
    for (const definition::OutputColumn &fresh : new_columns)
        if (find_column(old_columns, fresh.name) == nullptr)
            run(psprintf("ALTER TABLE %s ADD COLUMN %s %s", name, pg::quoted(fresh.name), type_of(fresh)));
    return retyped;
}

} // namespace tviews::ddl
