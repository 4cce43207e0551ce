// monitor/version.cpp - what is installed: versions, the companion extension, the error codes.
#include "catalog/catalog.hpp"
#include "errors/errors.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "commands/extension.h"
#include "funcapi.h"
#include "utils/tuplestore.h"
}

namespace {

struct ErrorCode {
    const char *sqlstate;
    const char *name;
    const char *message;
};

constexpr ErrorCode error_codes[] = {
#define TVIEWS_ERROR(state, name, text) {#state, #name, text},
#include "errors/errors.def"
#undef TVIEWS_ERROR
};

} // namespace

// The version of the extension in this database; in a database without it there is no such function.
TVIEWS_FUNCTION(pg_tviews_version) {
    const char *const version = tviews::catalog::extension_version();
    if (version == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_DATUM(CStringGetTextDatum(version));
}

TVIEWS_FUNCTION(pg_tviews_check_jsonb_delta) {
    PG_RETURN_BOOL(OidIsValid(get_extension_oid("jsonb_delta", true)));
}

TVIEWS_FUNCTION(pg_tviews_error_codes) {
    InitMaterializedSRF(fcinfo, 0);
    auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const ErrorCode &code : error_codes) {
        Datum values[] = {CStringGetTextDatum(code.sqlstate), CStringGetTextDatum(code.name),
                          CStringGetTextDatum(code.message)};
        bool nulls[] = {false, false, false};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    PG_RETURN_NULL();
}
