// capture/schema_changes.hpp - DDL on base tables that changes documents without a row being written: partitions and
// children that come and go, columns of rows that are rendered whole.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::capture {

// Called by the event triggers. A partition or child brings or takes rows without a row trigger firing: the TVIEWs that
// read a table above it are refreshed as a whole; a new member gets the triggers it needs, one that goes loses them.
void before_alter(const AlterTableStmt *statement);
void after_alter(const AlterTableStmt *statement);
void after_create(const CreateStmt *statement);
void after_refresh(const RefreshMatViewStmt *statement);
// A trigger of the user's may need what statement triggers come too late for.
void after_create_trigger(const CreateTrigStmt *statement);
// `dropped` (list of Oid): relations that the running command has dropped, directly or by CASCADE.
void after_drop(List *dropped);

// At the start of the command. A trigger of ours that was disabled has missed changes: what it served is refreshed as a
// whole when it is enabled.
void before_enable(const AlterTableStmt *statement);

// A renamed column reaches documents of rows rendered whole.
void after_rename(const RenameStmt *statement);

} // namespace tviews::capture
