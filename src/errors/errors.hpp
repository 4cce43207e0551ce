// errors/errors.hpp - the extension's SQLSTATEs as constants, made from errors.def.
//
//   ereport(ERROR, errcode(errors::invalid_select), errmsg("..."), errdetail("..."), errhint("..."));
#pragma once

namespace tviews::errors {

// The integer PostgreSQL uses for a five-character SQLSTATE (six bits a character).
constexpr int sqlstate(const char (&code)[6]) {
    int value = 0;
    for (int i = 4; i >= 0; i--)
        value = (value << 6) | ((code[i] - '0') & 0x3F);
    return value;
}

#define TVIEWS_ERROR(state, name, text) inline constexpr int name = sqlstate(#state);
#include "errors/errors.def"
#undef TVIEWS_ERROR

} // namespace tviews::errors
