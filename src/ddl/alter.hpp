// ddl/alter.hpp - ALTER TABLE and CREATE TRIGGER by users on a TVIEW.
#pragma once

#include "pg/postgres.hpp"

namespace tviews::ddl {

// At ddl_command_start. Raises TV106 for a statement that would break a TVIEW: dropping, renaming or retyping a column
// of its definition, giving v_<entity> another owner, a BEFORE ROW trigger (it could change what is written).
void refuse_breaking(const Node *statement);

// At ddl_command_end. v_<entity> gets the owner that tv_<entity> has got.
void follow_owner(const Node *statement);

} // namespace tviews::ddl
