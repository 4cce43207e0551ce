// refresh/writer.cpp - see writer.hpp.
#include "refresh/writer.hpp"

#include "errors/errors.hpp"
#include "pg/list.hpp"
#include "refresh/environment.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/sysattr.h"
#include "access/tableam.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "rewrite/rewriteHandler.h"
#include "utils/datum.h"
}

namespace tviews::refresh {

namespace {

// Only an UPDATE of a definition's column is ever written.
Bitmapset *as_updated(const pg::vector<AttrNumber> &columns) {
    Bitmapset *result = nullptr;
    for (AttrNumber attno : columns)
        result = bms_add_member(result, attno - FirstLowInvalidHeapAttributeNumber);
    return result;
}

} // namespace

pg::vector<AttrNumber> definition_columns(const dependency::Compiled &tview, Relation table) {
    pg::vector<AttrNumber> result;
    TupleDesc const descriptor = RelationGetDescr(table);
    for (const definition::OutputColumn &column : tview.shape->columns) {
        AttrNumber found = 0;
        for (int i = 0; i < descriptor->natts && found == 0; i++)
            if (!TupleDescAttr(descriptor, i)->attisdropped &&
                strcmp(NameStr(TupleDescAttr(descriptor, i)->attname), column.name) == 0)
                found = TupleDescAttr(descriptor, i)->attnum;
        if (found == 0)
            ereport(ERROR, errcode(errors::refresh_failed),
                    errmsg("TVIEW \"%s\" has no column \"%s\" any more", tview.name, column.name),
                    errhint("Add the column again, or replace the definition with pg_tviews_replace()."));
        // Values are stored as the definition returns them, without a conversion.
        Form_pg_attribute const attribute = TupleDescAttr(descriptor, found - 1);
        if (attribute->atttypid != column.type || attribute->atttypmod != column.typmod)
            ereport(
                ERROR, errcode(errors::refresh_failed),
                errmsg("column \"%s\" of TVIEW \"%s\" has type %s, but its definition returns %s",
                       column.name, tview.name,
                       format_type_with_typemod(attribute->atttypid, attribute->atttypmod),
                       format_type_with_typemod(column.type, column.typmod)),
                errhint(
                    "Give the column its type back, or replace the definition with pg_tviews_replace()."));
        result.push_back(found);
    }
    return result;
}

void concurrent_write_edited(const dependency::Compiled &tview, ErrorData *error) {
    if (error->sqlerrcode != ERRCODE_INTERNAL_ERROR || error->message == nullptr ||
        (strcmp(error->message, "tuple concurrently updated") != 0 &&
         strcmp(error->message, "tuple concurrently deleted") != 0))
        return;
    error->sqlerrcode = ERRCODE_T_R_SERIALIZATION_FAILURE;
    error->message =
        psprintf("a row of TVIEW %s was written directly while it was being refreshed", tview.qualified);
    error->hint = pstrdup("The transaction might succeed if retried.");
}

Writer::Writer(const dependency::Compiled &tview, Relation table, Listener &listener, int outer_context)
    : tview_(tview), table_(table), listener_(listener), outer_context_(outer_context),
      row_context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews row", ALLOCSET_DEFAULT_SIZES)) {
    columns_ = definition_columns(tview, table);
    estate_ = CreateExecutorState();
    auto *const rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_RELATION;
    rte->relid = RelationGetRelid(table);
    rte->relkind = table->rd_rel->relkind;
    rte->rellockmode = RowExclusiveLock;
    pg::init_range_table(estate_, rte, as_updated(columns_));
    result_ = makeNode(ResultRelInfo);
    InitResultRelInfo(result_, table, 1, nullptr, 0);
    estate_->es_opened_result_relations = lappend(estate_->es_opened_result_relations, result_);
    pg::init_eval_plan_qual(&epq_, estate_);
    stored_ = table_slot_create(table, nullptr);
    fresh_ = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
    prepare_triggers();
    prepare_defaults();
}

void Writer::prepare_triggers() {
    TriggerDesc *const triggers = result_->ri_TrigDesc; // a copy
    if (triggers == nullptr)
        return;
    Oid const capture = catalog::capture_function();
    Oid const guard = catalog::guard_function();
    bool others = false;
    for (int i = 0; i < triggers->numtriggers; i++) {
        Trigger &trigger = triggers->triggers[i];
        if (trigger.tgfoid == capture || trigger.tgfoid == guard)
            trigger.tgenabled = TRIGGER_DISABLED;
        else if (TRIGGER_FOR_ROW(trigger.tgtype) && trigger.tgenabled != TRIGGER_DISABLED) {
            if (TRIGGER_FOR_BEFORE(trigger.tgtype))
                ereport(ERROR, errcode(errors::refresh_failed),
                        errmsg("BEFORE ROW trigger \"%s\" could change rows of TVIEW \"%s\"", trigger.tgname,
                               tview_.name),
                        errhint("Drop the trigger; use an AFTER trigger or a generated column."));
            others = true;
        }
    }
    if (!others) {
        result_->ri_TrigDesc = nullptr;
        return;
    }
    // The guard is the only BEFORE ROW trigger there is. Not even a disabled one may be looked for: that locks the row.
    triggers->trig_insert_before_row = false;
    triggers->trig_update_before_row = false;
    triggers->trig_delete_before_row = false;
    pending_ = tuplestore_begin_heap(false, false, work_mem);
    auto const columns = static_cast<int>(columns_.size());
    pending_row_ = CreateTemplateTupleDesc(columns + 2);
    for (int i = 0; i < columns; i++)
        TupleDescCopyEntry(pending_row_, static_cast<AttrNumber>(i + 1), RelationGetDescr(table_),
                           columns_[static_cast<std::size_t>(i)]);
    TupleDescInitEntry(pending_row_, static_cast<AttrNumber>(columns + 1), "operation", CHAROID, -1, 0);
    TupleDescInitEntry(pending_row_, static_cast<AttrNumber>(columns + 2), "stored", TIDOID, -1, 0);
}

void Writer::prepare_defaults() {
    TupleDesc const descriptor = RelationGetDescr(table_);
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute const column = TupleDescAttr(descriptor, i);
        if (column->attisdropped || column->attgenerated != '\0' ||
            std::find(columns_.begin(), columns_.end(), column->attnum) != columns_.end())
            continue;
        auto *const expression = reinterpret_cast<Expr *>(build_column_default(table_, column->attnum));
        if (expression != nullptr)
            defaults_.push_back({column->attnum, ExecPrepareExpr(expression, estate_)});
    }
}

// ---- changes, applied now or kept aside

void Writer::insert(TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(columns_.size()));
    if (defers())
        keep('i', nullptr, row);
    else
        insert_now(row);
    MemoryContextReset(row_context_);
}

void Writer::update(ItemPointer stored, TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(columns_.size()));
    if (defers())
        keep('u', stored, row);
    else if (fetch(stored))
        update_now(stored_, row);
    MemoryContextReset(row_context_);
}

void Writer::update(TupleTableSlot *stored, TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(columns_.size()));
    if (defers())
        keep('u', &stored->tts_tid, row);
    else
        update_now(stored, row);
    MemoryContextReset(row_context_);
}

void Writer::remove(ItemPointer stored) {
    pg::ScopedContext const scope(row_context_);
    if (defers())
        keep('d', stored, nullptr);
    else if (fetch(stored))
        remove_now(stored_);
    MemoryContextReset(row_context_);
}

void Writer::remove(TupleTableSlot *stored) {
    pg::ScopedContext const scope(row_context_);
    if (defers())
        keep('d', &stored->tts_tid, nullptr);
    else
        remove_now(stored);
    MemoryContextReset(row_context_);
}

void Writer::replace(TupleTableSlot *stored, int column, Datum value) {
    pg::ScopedContext const scope(row_context_);
    copy_stored(stored);
    fresh_->tts_values[attribute(column) - 1] = value;
    fresh_->tts_isnull[attribute(column) - 1] = false;
    ExecStoreVirtualTuple(fresh_);
    if (!defers()) {
        write_update(stored);
    } else {
        TupleTableSlot *const row = MakeSingleTupleTableSlot(pending_row_, &TTSOpsVirtual);
        for (std::size_t i = 0; i < columns_.size(); i++) {
            row->tts_values[i] = fresh_->tts_values[columns_[i] - 1];
            row->tts_isnull[i] = fresh_->tts_isnull[columns_[i] - 1];
        }
        keep('u', &stored->tts_tid, row);
        ExecDropSingleTupleTableSlot(row);
    }
    MemoryContextReset(row_context_);
}

void Writer::keep(char operation, ItemPointer stored, TupleTableSlot *row) {
    std::size_t const columns = columns_.size();
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 2)));
    auto *const nulls = static_cast<bool *>(palloc(columns + 2));
    memset(nulls, true, columns + 2);
    for (std::size_t i = 0; row != nullptr && i < columns; i++) {
        values[i] = row->tts_values[i];
        nulls[i] = row->tts_isnull[i];
    }
    values[columns] = CharGetDatum(operation);
    nulls[columns] = false;
    ItemPointerData copy;
    if (stored != nullptr) {
        copy = *stored; // it may be packed into a tuple
        values[columns + 1] = PointerGetDatum(&copy);
        nulls[columns + 1] = false;
    }
    tuplestore_putvalues(pending_, pending_row_, values, nulls);
}

void Writer::apply_pending() {
    if (!defers())
        return;
    AfterTriggerBeginQuery();
    TupleTableSlot *const row = MakeSingleTupleTableSlot(pending_row_, &TTSOpsMinimalTuple);
    auto const columns = static_cast<int>(columns_.size());
    while (tuplestore_gettupleslot(pending_, true, false, row)) {
        CHECK_FOR_INTERRUPTS();
        pg::ScopedContext const scope(row_context_);
        slot_getallattrs(row);
        char const operation = DatumGetChar(row->tts_values[columns]);
        auto *const stored =
            row->tts_isnull[columns + 1]
                ? nullptr
                : reinterpret_cast<ItemPointer>(DatumGetPointer(row->tts_values[columns + 1]));
        if (operation == 'i')
            insert_now(row);
        else if (fetch(stored)) {
            if (operation == 'u')
                update_now(stored_, row);
            else
                remove_now(stored_);
        }
        MemoryContextReset(row_context_);
    }
    ExecDropSingleTupleTableSlot(row);
}

// ---- one row

// Removals need no index.
void Writer::open_indices() {
    if (indices_open_)
        return;
    pg::ScopedContext const scope(estate_->es_query_cxt);
    ExecOpenIndices(result_, false);
    indices_open_ = true;
}

bool Writer::fetch(ItemPointer stored) {
    ItemPointerData const copy = *stored;
    if (!table_tuple_fetch_row_version(table_, const_cast<ItemPointer>(&copy), GetActiveSnapshot(), stored_))
        ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                errmsg("a row of TVIEW \"%s\" has gone while it was being refreshed", tview_.name),
                errhint("The transaction might succeed if retried."));
    return true;
}

void Writer::insert_now(TupleTableSlot *row) {
    ExecClearTuple(fresh_);
    memset(fresh_->tts_isnull, true, static_cast<std::size_t>(fresh_->tts_tupleDescriptor->natts));
    for (std::size_t i = 0; i < columns_.size(); i++) {
        fresh_->tts_values[columns_[i] - 1] = row->tts_values[i];
        fresh_->tts_isnull[columns_[i] - 1] = row->tts_isnull[i];
    }
    WriteScope const role(tview_.owner, outer_context_);
    for (const Default &column : defaults_)
        fresh_->tts_values[column.attno - 1] = ExecEvalExprSwitchContext(
            column.expression, GetPerTupleExprContext(estate_), &fresh_->tts_isnull[column.attno - 1]);
    ExecStoreVirtualTuple(fresh_);
    estate_->es_snapshot = GetActiveSnapshot();
    open_indices();
    ExecSimpleRelationInsert(result_, estate_, fresh_);
    rows_++;
    listener_.changed(table_, nullptr, fresh_);
    ResetPerTupleExprContext(estate_);
}

// Fills fresh_ with a stored version, to be changed and stored.
void Writer::copy_stored(TupleTableSlot *stored) {
    slot_getallattrs(stored);
    ExecClearTuple(fresh_);
    auto const natts = static_cast<std::size_t>(RelationGetDescr(table_)->natts);
    memcpy(fresh_->tts_values, stored->tts_values, natts * sizeof(Datum));
    memcpy(fresh_->tts_isnull, stored->tts_isnull, natts * sizeof(bool));
}

void Writer::update_now(TupleTableSlot *stored, TupleTableSlot *row) {
    copy_stored(stored);
    TupleDesc const descriptor = RelationGetDescr(table_);
    bool different = false;
    for (std::size_t i = 0; i < columns_.size(); i++) {
        int const at = columns_[i] - 1;
        bool const old_null = stored->tts_isnull[at];
        bool const new_null = row->tts_isnull[i];
        if (old_null == new_null && (new_null || datum_image_eq(stored->tts_values[at], row->tts_values[i],
                                                                TupleDescAttr(descriptor, at)->attbyval,
                                                                TupleDescAttr(descriptor, at)->attlen)))
            continue;
        fresh_->tts_values[at] = row->tts_values[i];
        fresh_->tts_isnull[at] = new_null;
        different = true;
    }
    if (!different)
        return;
    ExecStoreVirtualTuple(fresh_);
    write_update(stored);
}

void Writer::write_update(TupleTableSlot *stored) {
    WriteScope const role(tview_.owner, outer_context_);
    estate_->es_snapshot = GetActiveSnapshot();
    open_indices();
    ExecSimpleRelationUpdate(result_, estate_, &epq_, stored, fresh_);
    rows_++;
    listener_.changed(table_, stored, fresh_);
    ResetPerTupleExprContext(estate_);
}

void Writer::remove_now(TupleTableSlot *stored) {
    WriteScope const role(tview_.owner, outer_context_);
    estate_->es_snapshot = GetActiveSnapshot();
    ExecSimpleRelationDelete(result_, estate_, &epq_, stored);
    rows_++;
    listener_.changed(table_, stored, nullptr);
    ResetPerTupleExprContext(estate_);
}

void Writer::close() {
    if (defers()) {
        WriteScope const role(tview_.owner, outer_context_);
        AfterTriggerEndQuery(estate_);
        tuplestore_end(pending_);
        pending_ = nullptr;
    }
    EvalPlanQualEnd(&epq_);
    if (indices_open_)
        ExecCloseIndices(result_);
    ExecDropSingleTupleTableSlot(stored_);
    ExecDropSingleTupleTableSlot(fresh_);
    ExecResetTupleTable(estate_->es_tupleTable, false);
    FreeExecutorState(estate_);
    if (rows_ > 0)
        CommandCounterIncrement();
}

// ---- filling a new table

BulkWriter::BulkWriter(const dependency::Compiled &tview, Relation table)
    : table_(table), columns_(definition_columns(tview, table)),
      row_context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews row", ALLOCSET_DEFAULT_SIZES)),
      fresh_(MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual)), bulk_(GetBulkInsertState()),
      command_(GetCurrentCommandId(true)) {}

void BulkWriter::insert(TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(columns_.size()));
    ExecClearTuple(fresh_);
    memset(fresh_->tts_isnull, true, static_cast<std::size_t>(fresh_->tts_tupleDescriptor->natts));
    for (std::size_t i = 0; i < columns_.size(); i++) {
        fresh_->tts_values[columns_[i] - 1] = row->tts_values[i];
        fresh_->tts_isnull[columns_[i] - 1] = row->tts_isnull[i];
    }
    ExecStoreVirtualTuple(fresh_);
    table_tuple_insert(table_, fresh_, command_, TABLE_INSERT_SKIP_FSM, bulk_);
    rows_++;
    MemoryContextReset(row_context_);
}

uint64 BulkWriter::finish() {
    FreeBulkInsertState(bulk_);
    table_finish_bulk_insert(table_, TABLE_INSERT_SKIP_FSM);
    ExecDropSingleTupleTableSlot(fresh_);
    if (rows_ > 0)
        CommandCounterIncrement();
    return rows_;
}

} // namespace tviews::refresh
