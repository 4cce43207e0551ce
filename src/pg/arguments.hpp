// pg/arguments.hpp - arguments of SQL functions that must not be NULL.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::pg {

// `name` is the argument's in SQL, numbers begin at 0.
inline void require_argument(FunctionCallInfo fcinfo, int number, const char *name) {
    if (PG_ARGISNULL(number))
        ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("%s must not be null", name),
                errhint("Give this argument a value; one that has a default may be left out."));
}

inline const char *required_text(FunctionCallInfo fcinfo, int number, const char *name) {
    require_argument(fcinfo, number, name);
    return text_to_cstring(PG_GETARG_TEXT_PP(number));
}

} // namespace tviews::pg
