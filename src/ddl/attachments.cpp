// ddl/attachments.cpp - see attachments.hpp. Runs as the current user, a member of the owner.
#include "ddl/attachments.hpp"

#include "ddl/statement.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"
}

namespace tviews::ddl {

namespace {

struct Attachment {
    const char *column; // nullptr: of the view
    const char *statement;
};

// For psprintf(): the view's name as a literal, and its OID.
constexpr const char *statements =
    "SELECT a.attname, format('GRANT %%s (%%I) ON %%s TO %%s%%s', p.privilege_type, a.attname, %1$s, "
    "CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END, "
    "CASE WHEN p.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
    "FROM pg_attribute a, aclexplode(a.attacl) p WHERE a.attrelid = %2$u AND NOT a.attisdropped "
    "UNION ALL SELECT NULL, format('GRANT %%s ON %%s TO %%s%%s', p.privilege_type, %1$s, "
    "CASE p.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(p.grantee)) END, "
    "CASE WHEN p.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "
    "FROM pg_class c, aclexplode(c.relacl) p WHERE c.oid = %2$u AND p.grantee <> c.relowner "
    "UNION ALL SELECT a.attname, format('COMMENT ON COLUMN %%s.%%I IS %%L', %1$s, a.attname, d.description) "
    "FROM pg_attribute a JOIN pg_description d ON d.classoid = 'pg_class'::regclass AND d.objoid = "
    "a.attrelid "
    "AND d.objsubid = a.attnum WHERE a.attrelid = %2$u "
    "UNION ALL SELECT NULL, format('COMMENT ON VIEW %%s IS %%L', %1$s, d.description) "
    "FROM pg_description d WHERE d.classoid = 'pg_class'::regclass AND d.objoid = %2$u AND d.objsubid = 0 "
    "UNION ALL SELECT NULL, format('ALTER VIEW %%s SET (%%s)', %1$s, array_to_string(c.reloptions, ', ')) "
    "FROM pg_class c WHERE c.oid = %2$u AND c.reloptions IS NOT NULL "
    "UNION ALL SELECT NULL, pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgrelid = %2$u AND NOT "
    "t.tgisinternal "
    "UNION ALL SELECT NULL, pg_get_ruledef(r.oid) FROM pg_rewrite r WHERE r.ev_class = %2$u AND r.rulename "
    "<> "
    "'_RETURN'";

} // namespace

List *attachments_of(Oid view) {
    List *result = NIL;
    MemoryContext const context = CurrentMemoryContext;
    const char *const sql = psprintf(statements, pg::literal(pg::qualified_name(view)), view);
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql);
    pg::ScopedContext const scope(context);
    for (uint64 i = 0; i < SPI_processed; i++) {
        auto *const one = static_cast<Attachment *>(palloc(sizeof(Attachment)));
        one->column = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1);
        one->statement = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2);
        result = lappend(result, one);
    }
    return result;
}

void attach(List *attachments, Oid view) {
    for (const Attachment *one : pg::each<const Attachment>(attachments))
        if (one->column == nullptr || get_attnum(view, one->column) != InvalidAttrNumber)
            run(one->statement);
}

const char *replacing_statement(Oid view, const char *definition) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(view));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", view);
    bool is_null;
    Datum const options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &is_null);
    const char *list = "";
    if (!is_null)
        list = psprintf(" WITH (%s)",
                        text_to_cstring(DatumGetTextPP(OidFunctionCall2(
                            F_ARRAY_TO_STRING_ANYARRAY_TEXT, options, CStringGetTextDatum(", ")))));
    ReleaseSysCache(tuple);
    return psprintf("CREATE OR REPLACE VIEW %s%s AS %s", pg::qualified_name(view), list, definition);
}

} // namespace tviews::ddl
