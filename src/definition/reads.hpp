// definition/reads.hpp - which relations a stored definition reads, and with whose rights.
#pragma once

#include "pg/memory.hpp"

namespace tviews::definition {

// PostgreSQL checks what a view reads against the view's owner, or against whoever reads a security_invoker view.
struct Read {
    Oid relation;
    Oid reader;
};

// What reading `view` as `reader` reads: the view itself and, through all levels of views, everything named in it.
pg::vector<Read> reads(Oid view, Oid reader);

// Would row-level security hide rows of this read?
bool filtered(const Read &read);

// Does row-level security of the table apply to ordinary readers?
bool has_row_security(Oid relation);
// The same, and is there a policy that lets anybody see anything?
bool has_policies(Oid relation);

} // namespace tviews::definition
