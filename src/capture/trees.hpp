// capture/trees.hpp - partitions and inheritance children that come and go under tables that TVIEWs read.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::capture {

// Called by the event triggers. A partition or child brings or takes rows without a row trigger firing: the TVIEWs that
// read a table above it are refreshed as a whole; and a new member gets the triggers it needs.
void before_drop(const DropStmt *statement);
void after_alter(const AlterTableStmt *statement);
void after_create(const CreateStmt *statement);

} // namespace tviews::capture
