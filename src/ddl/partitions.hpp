// ddl/partitions.hpp - TVIEWs whose table is partitioned: making them, and what happens to their partitions.
#pragma once

#include "ddl/create.hpp"

namespace tviews::ddl {

// Makes the empty table and its partitions, as the creation's options say.
void create_partitioned(const Creation &creation);

// At ddl_command_start. Refuses partitions that could not be maintained (TV106).
void refuse_partition(const Node *statement);
// At ddl_command_end. A partition that came has to be guarded; one that came or went without its rows being written makes
// the TVIEW be compared with its definition.
void follow_partition(const Node *statement);
// At sql_drop. `dropped`: list of Oid.
void follow_dropped_partitions(List *dropped);

// The partitions of a TVIEW go with its owner, and with its schema and name as far as they had these.
void give_partitions_to(Oid tview, Oid owner);
void move_partitions(Oid tview, Oid old_schema, const char *old_name);

} // namespace tviews::ddl
