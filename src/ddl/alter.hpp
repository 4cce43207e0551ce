// ddl/alter.hpp - ALTER TABLE, ALTER VIEW and CREATE TRIGGER by users on a TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// At ddl_command_start. Raises TV106 for a statement that would break a TVIEW: dropping, renaming or retyping a column
// of its definition, giving v_<entity> another owner, name or schema, a BEFORE ROW trigger (it could change what is
// written); TV101 and TV105 for a new name of tv_<entity> that a TVIEW cannot have.
void refuse_breaking(const Node *statement);

// At ddl_command_end. v_<entity> gets the owner that tv_<entity> has got.
void follow_owner(const Node *statement);

// At ddl_command_end. v_<entity> and the entity in pg_tview_meta follow a new name or schema of tv_<entity>.
void follow_name(const Node *statement);

} // namespace tviews::ddl
