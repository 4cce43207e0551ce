// pg/rendering.cpp - see rendering.hpp.
#include "pg/rendering.hpp"

extern "C" {
#include "pgtime.h"
#include "tsearch/ts_cache.h"
#include "utils/bytea.h"
#include "utils/float.h"
#include "utils/xml.h"

// From utils/pg_locale.h, which wants the headers of ICU.
extern PGDLLIMPORT char *locale_monetary;
extern PGDLLIMPORT char *locale_numeric;
extern PGDLLIMPORT char *locale_time;
}

namespace tviews::pg {

namespace {

struct Variables {
    int numbers[7];
    const char *names[4];
};

Variables variables() noexcept {
    return {{DateStyle, DateOrder, IntervalStyle, extra_float_digits, bytea_output, xmlbinary, xmloption},
            {locale_monetary, locale_numeric, locale_time, TSCurrentConfig}};
}

} // namespace

Rendering Rendering::current(MemoryContext context) {
    Rendering result;
    Variables const now = variables();
    memcpy(result.numbers_, now.numbers, sizeof(now.numbers));
    for (int i = 0; i < 4; i++)
        result.names_[i] = now.names[i] == nullptr ? nullptr : MemoryContextStrdup(context, now.names[i]);
    result.zone_ = session_timezone;
    return result;
}

bool Rendering::in_force() const noexcept {
    if (zone_ == nullptr || zone_ != session_timezone)
        return false;
    Variables const now = variables();
    if (memcmp(numbers_, now.numbers, sizeof(now.numbers)) != 0)
        return false;
    for (int i = 0; i < 4; i++) {
        bool const both = names_[i] != nullptr && now.names[i] != nullptr;
        if (both ? strcmp(names_[i], now.names[i]) != 0 : names_[i] != now.names[i])
            return false;
    }
    return true;
}

} // namespace tviews::pg
