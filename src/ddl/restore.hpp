// ddl/restore.hpp - TVIEWs that come back from a dump, with and without their metadata.
#pragma once

#include "catalog/meta.hpp"

namespace tviews::ddl {

// At ddl_command_start. The triggers of a TVIEW that has come back already may be created again, and ours,
// also those of the extension's own tables, stay as they are (pg_restore --disable-triggers). Changes the statement in place.
void admit_restore(Node *statement);

// At ddl_command_end of CREATE TRIGGER. A dump of one schema, or without data, has the triggers of a TVIEW but not its
// metadata: when the last trigger that it needs is there, the metadata is made again and the rows are compared with the
// definition. A TVIEW whose rows, or whose base tables' rows, were left out of the dump is refreshed.
void take_up_restored(const CreateTrigStmt *statement);

// At ddl_command_end of GRANT, which comes last in a dump: what had to wait for privileges.
void take_up_granted(const GrantStmt *statement);

// Have the TVIEW and the tables it reads their triggers?
bool complete(const catalog::MetaRow &row);

} // namespace tviews::ddl
