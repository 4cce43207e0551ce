// pg/names.cpp - see names.hpp.
#include "pg/names.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "utils/regproc.h"
#include "utils/typcache.h"
}

namespace tviews::pg {

const char *quoted(const char *name) { return quote_identifier(name); }

const char *qualified_name(const char *schema, const char *name) {
    return quote_qualified_identifier(schema, name);
}

const char *qualified_name(Oid relation) {
    char *const name = get_rel_name(relation);
    if (name == nullptr)
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_TABLE),
                errmsg("relation with OID %u does not exist", relation));
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
}

const char *literal(const char *text) { return quote_literal_cstr(text); }

List *name_parts(const char *text) {
    return with_edited_error(
        [&] {
#if TVIEWS_PG_GE(16)
            return stringToQualifiedNameList(text, nullptr);
#else
            return stringToQualifiedNameList(text);
#endif
        },
        [&](ErrorData *error) {
            if (error->sqlerrcode != ERRCODE_INVALID_NAME)
                return;
            error->message = psprintf("invalid name: \"%s\"", text);
            error->hint = pstrdup("Names are written as in SQL: post, app.tv_post, \"with a space\".");
        });
}

const char *collation_name(Oid collation) {
    HeapTuple const tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for collation %u", collation);
    auto const form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    const char *const name =
        quote_qualified_identifier(get_namespace_name(form->collnamespace), pstrdup(NameStr(form->collname)));
    ReleaseSysCache(tuple);
    return name;
}

const char *type_name(Oid type, int32 typmod) {
    return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

const char *equality_operator(Oid type) {
    Oid const id = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
    HeapTuple const tuple = SearchSysCache1(OPEROID, ObjectIdGetDatum(id));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
                errmsg("could not identify an equality operator for type %s", format_type_be(type)));
    auto const form = reinterpret_cast<Form_pg_operator>(GETSTRUCT(tuple));
    const char *const text =
        psprintf("OPERATOR(%s.%s)", quoted(get_namespace_name(form->oprnamespace)), NameStr(form->oprname));
    ReleaseSysCache(tuple);
    return text;
}

} // namespace tviews::pg
