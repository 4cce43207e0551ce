// capture/schema_changes.hpp - DDL that changes documents without a row being written: partitions and children that come
// and go, columns of rows that are rendered whole, labels of enums.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::capture {

// Called by the event triggers. A partition or child brings or takes rows without a row trigger firing: the TVIEWs that
// read a table above it are refreshed as a whole; and a new member gets the triggers it needs.
void before_drop(const DropStmt *statement);
void after_alter(const AlterTableStmt *statement);
void after_create(const CreateStmt *statement);

// Changes of a row type that reach documents without a row being written.
void after_rename(const RenameStmt *statement);
void after_alter_enum(const AlterEnumStmt *statement);

} // namespace tviews::capture
