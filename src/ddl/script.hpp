// ddl/script.hpp - pg_tviews_ddl(): the small language of CREATE TVIEW, DROP TVIEW and REFRESH TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

struct ScriptStatement {
    enum class Kind { create, drop, refresh };
    Kind kind = Kind::create;
    bool or_replace = false;
    bool if_exists = false; // IF NOT EXISTS or IF EXISTS
    bool cascade = false;
    const char *name = nullptr;   // as written, quotes included
    const char *select = nullptr; // Kind::create: the text after AS
};

// Splits and recognises `script`. List of ScriptStatement *. Raises a syntax error that quotes what it met.
List *parse_script(const char *script);

} // namespace tviews::ddl
