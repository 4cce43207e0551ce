// pg/rendering.hpp - the settings that decide how dates, numbers, bytea and xml become text.
//
// Setting one goes through the GUC machinery, which looks names up and afterwards visits every setting there is: too
// much for each flush, when nearly every session renders as the TVIEW's creator did. So the state of the server's
// variables behind the settings is remembered, and compared.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::pg {

// Their names. Rendering holds the variables of exactly these.
inline constexpr const char *rendering_names[] = {
    "TimeZone",   "DateStyle", "IntervalStyle", "extra_float_digits",         "bytea_output", "lc_monetary",
    "lc_numeric", "lc_time",   "xmlbinary",     "default_text_search_config", "xmloption",
};

class Rendering {
  public:
    Rendering() noexcept = default;
    // What is in force now. Strings are copied into `context`.
    static Rendering current(MemoryContext context);
    // Was this made by current(), and is it what is in force now?
    bool in_force() const noexcept;
    bool known() const noexcept { return zone_ != nullptr; }

  private:
    const void *zone_ = nullptr; // pg_tz has one address per name and session
    int numbers_[7] = {};
    const char *names_[4] = {};
};

} // namespace tviews::pg
