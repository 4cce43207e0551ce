// catalog/resolve.cpp - from what a user calls a TVIEW to the TVIEW.
//
// 'post', 'tv_post', 'app.post', 'app.tv_post', each part quoted or not. An unqualified name is looked for along
// search_path, and a plain table that happens to have the name does not hide a TVIEW in a later schema.
#include "catalog/catalog.hpp"
#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"

namespace tviews::catalog {

namespace {

const Tview *find_in_schema(Oid schema, const char *name) {
    if (strncmp(name, "tv_", 3) == 0) {
        const Tview *const exact = find_by_table(get_relname_relid(name, schema));
        if (exact != nullptr)
            return exact;
    }
    return find_by_table(get_relname_relid(psprintf("tv_%s", name), schema));
}

} // namespace

const Tview *try_resolve(const char *name) {
    List *const parts = pg::name_parts(name);
    const Tview *found = nullptr;
    if (list_length(parts) == 2) {
        Oid const schema = get_namespace_oid(strVal(linitial(parts)), true);
        if (OidIsValid(schema))
            found = find_in_schema(schema, strVal(lsecond(parts)));
    } else if (list_length(parts) == 1) {
        List *const path = fetch_search_path(false);
        for (int i = 0; i < list_length(path) && found == nullptr; i++)
            found = find_in_schema(list_nth_oid(path, i), strVal(linitial(parts)));
    }
    return found;
}

const Tview *resolve(const char *name) {
    const Tview *const found = try_resolve(name);
    if (found == nullptr)
        ereport(ERROR, errcode(errors::metadata_not_found), errmsg("TVIEW \"%s\" does not exist", name),
                errhint("The TVIEWs of this database are listed in pg_tview_meta; one outside the "
                        "search_path needs its "
                        "schema's name."));
    return found;
}

} // namespace tviews::catalog
