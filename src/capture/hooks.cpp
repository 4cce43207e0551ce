// capture/hooks.cpp - flushes before anything reads a TVIEW with pending changes, and gives the reader a new snapshot.
//
// A query whose snapshot is older than the flush must not run with it: it would not see the rows just written, and a
// copy with a newer command number would miss what other transactions committed meanwhile and the flush has seen. So the
// query gets a snapshot taken after the flush; and the active snapshot is exchanged too when it is the query's own: pushed
// once, and registered by nobody but this query. The snapshot of a query around a STABLE function stays as it is.
//
// A statement that its caller stops early (SPI with a limit on rows) fires no AFTER STATEMENT triggers: what it did to a table
// that is captured by them is not known, and its readers are refreshed as a whole.
//
// Loaded by the first trigger call of a session, if not earlier: nothing can be pending before that.
#include "capture/hooks.hpp"

#include "catalog/triggers.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "access/parallel.h"
#include "executor/executor.h"
#include "tcop/pquery.h"
#include "tcop/utility.h"
}

namespace tviews::capture {

namespace {

constinit ExecutorStart_hook_type previous_executor_start = nullptr;
constinit ExecutorFinish_hook_type previous_executor_finish = nullptr;
constinit ProcessUtility_hook_type previous_process_utility = nullptr;

bool nothing_to_do() {
    return queue::empty() || queue::flushing() || IsParallelWorker() || !IsTransactionState() ||
           IsAbortedTransactionBlockState();
}

// Exchanges the top of the active snapshot stack for one taken now. The portal may point to it.
void exchange_active_snapshot(int level) {
    Portal const portal = ActivePortal;
    bool const of_portal = portal != nullptr && portal->portalSnapshot == GetActiveSnapshot();
    PopActiveSnapshot();
    PushActiveSnapshotWithLevel(GetTransactionSnapshot(), level);
    if (of_portal)
        portal->portalSnapshot = GetActiveSnapshot();
}

void give_new_snapshot(QueryDesc *query) {
    Snapshot const old = query->snapshot;
    bool const owned =
        ActiveSnapshotSet() && GetActiveSnapshot() == old && old->active_count == 1 && old->regd_count == 1;
    int const level = GetCurrentTransactionNestLevel();
    if (owned)
        exchange_active_snapshot(level);
    else
        PushActiveSnapshot(GetTransactionSnapshot());
    query->snapshot = RegisterSnapshot(GetActiveSnapshot());
    if (!owned)
        PopActiveSnapshot();
    UnregisterSnapshot(old);
}

void executor_start(QueryDesc *query, int flags) {
    pg::boundary([&] {
        if ((flags & EXEC_FLAG_EXPLAIN_ONLY) != 0 || nothing_to_do())
            return;
        // Functions called in parallel mode could not flush any more.
        bool const flushed = query->plannedstmt->parallelModeNeeded
                                 ? (queue::flush_all(), true)
                                 : queue::flush_before_read(query->plannedstmt->relationOids);
        if (flushed && query->snapshot != InvalidSnapshot)
            give_new_snapshot(query);
    });
    if (previous_executor_start != nullptr)
        previous_executor_start(query, flags);
    else
        standard_ExecutorStart(query, flags);
}

// The table whose statement triggers would have captured what the query did, had it come to its end; else InvalidOid.
Oid stopped_early(const QueryDesc *query) {
    if (query->planstate == nullptr || !IsA(query->planstate, ModifyTableState))
        return InvalidOid;
    auto const *const node = reinterpret_cast<const ModifyTableState *>(query->planstate);
    const TriggerDesc *const triggers = node->rootResultRelInfo->ri_TrigDesc;
    if (node->mt_done || node->fireBSTriggers || triggers == nullptr ||
        !(triggers->trig_insert_new_table || triggers->trig_update_old_table ||
          triggers->trig_delete_old_table))
        return InvalidOid;
    Oid const table = RelationGetRelid(node->rootResultRelInfo->ri_RelationDesc);
    return catalog::captured_by_statement(table) ? table : InvalidOid;
}

void executor_finish(QueryDesc *query) {
    Oid const table = pg::boundary([&] { return stopped_early(query); });
    if (previous_executor_finish != nullptr)
        previous_executor_finish(query);
    else
        standard_ExecutorFinish(query);
    if (OidIsValid(table))
        pg::boundary([&] { queue::rows_came(table); });
}

// Utility commands that read no table, or read it by a query that comes through executor_start.
bool reads_nothing_itself(const Node *statement) {
    switch (nodeTag(statement)) {
    case T_TransactionStmt:
    case T_VariableSetStmt:
    case T_VariableShowStmt:
    case T_ConstraintsSetStmt:
    case T_PlannedStmt:
    case T_DeclareCursorStmt:
    case T_FetchStmt:
    case T_ClosePortalStmt:
    case T_PrepareStmt:
    case T_ExecuteStmt:
    case T_DeallocateStmt:
    case T_ExplainStmt:
    case T_DoStmt:
    case T_CallStmt:
    case T_NotifyStmt:
    case T_ListenStmt:
    case T_UnlistenStmt:
    case T_LoadStmt:
    case T_CheckPointStmt:
    case T_DiscardStmt:
    case T_CreateTableAsStmt:
    case T_CreateStmt:
    case T_CreateSchemaStmt:
    case T_CreateSeqStmt:
    case T_AlterSeqStmt:
    case T_CreateFunctionStmt:
    case T_CreateRoleStmt:
    case T_AlterRoleStmt:
    case T_CommentStmt:
        return true;
    default:
        return false;
    }
}

// A TVIEW that loses a partition is not up to date until it has others: they come before the flush.
bool moves_partitions(const AlterTableStmt *statement) {
    for (const AlterTableCmd *command : pg::each<const AlterTableCmd>(statement->cmds))
        if (command->subtype != AT_AttachPartition && command->subtype != AT_DetachPartition)
            return false;
    return true;
}

bool flush_before_copy(const CopyStmt *copy) {
    if (copy->relation == nullptr) // COPY (query): by executor_start
        return false;
    Oid const table = RangeVarGetRelid(copy->relation, NoLock, true);
    return OidIsValid(table) && queue::flush_before_read(list_make1_oid(table));
}

// The snapshot under which a utility command runs belongs to its portal or was pushed by SPI for it alone.
void renew_utility_snapshot() {
    if (!ActiveSnapshotSet())
        return;
    Snapshot const active = GetActiveSnapshot();
    Portal const portal = ActivePortal;
    if (portal != nullptr && portal->portalSnapshot == active)
        exchange_active_snapshot(static_cast<int>(portal->createLevel));
    else if (active->active_count == 1 && active->regd_count == 0)
        exchange_active_snapshot(GetCurrentTransactionNestLevel());
}

void process_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
                     ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
                     DestReceiver *receiver, QueryCompletion *completion) {
    pg::boundary([&] {
        const Node *const utility = statement->utilityStmt;
        if (nothing_to_do() || reads_nothing_itself(utility) ||
            (IsA(utility, AlterTableStmt) &&
             moves_partitions(reinterpret_cast<const AlterTableStmt *>(utility))))
            return;
        bool flushed;
        if (IsA(utility, CopyStmt)) {
            flushed = flush_before_copy(reinterpret_cast<const CopyStmt *>(utility));
        } else {
            (void) queue::flush_all();
            flushed = true;
        }
        if (flushed)
            renew_utility_snapshot();
    });
    if (previous_process_utility != nullptr)
        previous_process_utility(statement, text, read_only_tree, context, params, environment, receiver,
                                 completion);
    else
        standard_ProcessUtility(statement, text, read_only_tree, context, params, environment, receiver,
                                completion);
}

} // namespace

void install_hooks() {
    queue::install_callbacks();
    previous_executor_start = ExecutorStart_hook;
    ExecutorStart_hook = executor_start;
    previous_executor_finish = ExecutorFinish_hook;
    ExecutorFinish_hook = executor_finish;
    previous_process_utility = ProcessUtility_hook;
    ProcessUtility_hook = process_utility;
}

} // namespace tviews::capture
