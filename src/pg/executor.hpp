// pg/executor.hpp - executor and index access calls whose signatures differ between versions.
#pragma once

#include "pg/compat.hpp"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/transam.h"
#include "access/tupconvert.h"
#include "executor/executor.h"
#include "nodes/execnodes.h"
#include "parser/parse_coerce.h"
#include "parser/parse_relation.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace tviews::pg {

// Gives an EState of our own its one range-table entry. `updated`: the columns that an UPDATE may change.
inline void init_range_table(EState *estate, RangeTblEntry *rte, Bitmapset *updated) {
#if TVIEWS_PG_GE(18)
    List *permissions = NIL;
    addRTEPermissionInfo(&permissions, rte)->updatedCols = updated;
    ExecInitRangeTable(estate, list_make1(rte), permissions, bms_make_singleton(1));
#elif TVIEWS_PG_GE(16)
    List *permissions = NIL;
    addRTEPermissionInfo(&permissions, rte)->updatedCols = updated;
    ExecInitRangeTable(estate, list_make1(rte), permissions);
#else
    rte->updatedCols = updated;
    ExecInitRangeTable(estate, list_make1(rte));
#endif
}

// `result`: a partition of the table of `root`.
inline void init_partition_result(ResultRelInfo *result, Relation partition, ResultRelInfo *root) {
    InitResultRelInfo(result, partition, 0, root, 0);
#if !TVIEWS_PG_GE(16)
    // Later versions find out by themselves which columns of the partition an UPDATE may change.
    result->ri_RootToPartitionMap =
        convert_tuples_by_name(RelationGetDescr(root->ri_RelationDesc), RelationGetDescr(partition));
#endif
}

inline void init_eval_plan_qual(EPQState *epq, EState *estate) {
#if TVIEWS_PG_GE(16)
    EvalPlanQualInit(epq, estate, nullptr, NIL, -1, NIL);
#else
    EvalPlanQualInit(epq, estate, nullptr, NIL, -1);
#endif
}

inline IndexScanDesc begin_index_scan(Relation heap, Relation index, Snapshot snapshot, int keys) {
#if TVIEWS_PG_GE(18)
    return index_beginscan(heap, index, snapshot, nullptr, keys, 0);
#else
    return index_beginscan(heap, index, snapshot, keys, 0);
#endif
}

// Does the index have all rows that any snapshot of this transaction may see? One that was built beside updates lacks some for
// older snapshots.
inline bool complete_for_snapshot(Relation index) {
    return !index->rd_index->indcheckxmin ||
           TransactionIdPrecedes(HeapTupleHeaderGetXmin(index->rd_indextuple->t_data), TransactionXmin);
}

// How a column of a B-tree index compares with a value of some type.
struct IndexEquality {
    RegProcedure procedure; // InvalidOid: it does not
    Oid type;               // that the procedure takes
};

inline IndexEquality index_equality(Relation index, int column, Oid type) {
    Oid const family = index->rd_opfamily[column];
    Oid const own = index->rd_opcintype[column];
    Oid operation = get_opfamily_member(family, own, type, BTEqualStrategyNumber);
    if (!OidIsValid(operation) && IsBinaryCoercible(type, own)) {
        operation = get_opfamily_member(family, own, own, BTEqualStrategyNumber);
        type = own;
    }
    return {OidIsValid(operation) ? get_opcode(operation) : InvalidOid, type};
}

} // namespace tviews::pg
