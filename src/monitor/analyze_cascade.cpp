// monitor/analyze_cascade.cpp - pg_tviews_analyze_cascade(): what recomputing one row of a TVIEW costs, by EXPLAIN.
//
// Runs as maintenance does: as the owner, restricted, with the settings recorded at creation.
#include "dependency/dependency.hpp"
#include "pg/arguments.hpp"
#include "pg/guard.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "funcapi.h"
#include "utils/acl.h"
#include "utils/tuplestore.h"
}

namespace tviews::monitor {

namespace {

const char *explain_sql(const dependency::Compiled &tview, int64 key) {
    definition::Shape const &shape = *tview.shape;
    definition::OutputColumn const &column = shape.columns[static_cast<std::size_t>(shape.key[0])];
    Oid const type = getBaseType(column.type);
    if (shape.key.size() != 1 || (type != INT2OID && type != INT4OID && type != INT8OID))
        ereport(ERROR, errcode(ERRCODE_WRONG_OBJECT_TYPE),
                errmsg("the key of TVIEW \"%s\" is not one integer", tview.name),
                errhint("Run EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM %s WHERE ... yourself.",
                        tview.qualified_view));
    const char *const rows =
        shape.inlined_sql != nullptr ? psprintf("(%s)", shape.inlined_sql) : tview.qualified_view;
    return psprintf(
        "EXPLAIN (ANALYZE, BUFFERS) SELECT v.* FROM %s AS v WHERE v.%s OPERATOR(pg_catalog.=) " INT64_FORMAT
        "::%s",
        rows, pg::quoted(column.name), key, pg::type_name(type));
}

} // namespace

} // namespace tviews::monitor

using namespace tviews;

TVIEWS_FUNCTION(pg_tviews_analyze_cascade) {
    pg::require_argument(fcinfo, 1, "pk_value");
    const catalog::Tview *const found = catalog::resolve(pg::required_text(fcinfo, 0, "entity"));
    AclResult const allowed = pg_class_aclcheck(found->table, GetUserId(), ACL_SELECT);
    if (allowed != ACLCHECK_OK)
        aclcheck_error(allowed, OBJECT_TABLE, found->name);
    dependency::Pin const tview(dependency::compiled(found->table));
    const char *const sql = monitor::explain_sql(*tview, PG_GETARG_INT64(1));
    InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    pg::SecurityScope const role(tview->owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("row_security", "off");
    for (const catalog::Setting &setting : tview->settings)
        pg::GucScope::set_local(setting.name, setting.value);
    pg::SpiSession const spi;
    (void) pg::spi_execute(sql);
    for (uint64 i = 0; i < SPI_processed; i++) {
        bool is_null;
        Datum values[] = {SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null)};
        tuplestore_putvalues(result->setResult, result->setDesc, values, &is_null);
    }
    PG_RETURN_NULL();
}
