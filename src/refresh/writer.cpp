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

// A new row with the definition's columns, which `row` starts with, and NULL in all others.
void fill(TupleTableSlot *fresh, const pg::vector<AttrNumber> &columns, const TupleTableSlot *row) {
    ExecClearTuple(fresh);
    memset(fresh->tts_isnull, true, static_cast<std::size_t>(fresh->tts_tupleDescriptor->natts));
    for (std::size_t i = 0; i < columns.size(); i++) {
        fresh->tts_values[columns[i] - 1] = row->tts_values[i];
        fresh->tts_isnull[columns[i] - 1] = row->tts_isnull[i];
    }
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

KeyConstraint *key_constraint(const char *schema, const char *name, Relation table) {
    list_free(RelationGetIndexList(table)); // finds out about the primary key
    if (!OidIsValid(table->rd_pkindex))
        return nullptr;
    auto *const result = static_cast<KeyConstraint *>(palloc(sizeof(KeyConstraint)));
    result->schema = schema;
    result->table = name;
    result->name = get_rel_name(table->rd_pkindex);
    return result;
}

Writer::Writer(const dependency::Compiled &tview, Storage &storage, Listener &listener, int outer_context,
               const KeyConstraint **constraint)
    : tview_(tview), storage_(storage), listener_(listener), outer_context_(outer_context),
      constraint_(constraint),
      row_context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews row", ALLOCSET_DEFAULT_SIZES)) {
    Relation const table = storage.table();
    estate_ = CreateExecutorState();
    auto *const rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_RELATION;
    rte->relid = RelationGetRelid(table);
    rte->relkind = table->rd_rel->relkind;
    rte->rellockmode = RowExclusiveLock;
    pg::init_range_table(estate_, rte, as_updated(definition_columns(tview, table)));
    pg::init_eval_plan_qual(&epq_, estate_);
    targets_.resize(static_cast<std::size_t>(storage.parts()), nullptr);
    if (!storage.partitioned()) {
        (void) open(0);
        return;
    }
    root_ = makeNode(ResultRelInfo);
    InitResultRelInfo(root_, table, 1, nullptr, 0);
}

Writer::Target &Writer::open(int part) {
    pg::ScopedContext const scope(estate_->es_query_cxt);
    Relation const table = storage_.part(part);
    auto *const target = pg::make_in<Target>(estate_->es_query_cxt);
    target->table = table;
    target->columns = definition_columns(tview_, table);
    target->result = makeNode(ResultRelInfo);
    if (root_ == nullptr) {
        InitResultRelInfo(target->result, table, 1, nullptr, 0);
    } else {
        pg::init_partition_result(target->result, table, root_);
        target->constraint = key_constraint(get_namespace_name(RelationGetNamespace(table)),
                                            pstrdup(RelationGetRelationName(table)), table);
    }
    estate_->es_opened_result_relations = lappend(estate_->es_opened_result_relations, target->result);
    target->stored = table_slot_create(table, nullptr);
    target->fresh = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
    prepare_triggers(*target);
    prepare_defaults(*target);
    targets_[static_cast<std::size_t>(part)] = target;
    return *target;
}

Writer::Target &Writer::target_for(TupleTableSlot *row) {
    if (!storage_.partitioned())
        return *targets_[0];
    pg::vector<Datum> key;
    for (int column : tview_.shape->key)
        key.push_back(row->tts_values[column]);
    int const part = storage_.part_for(key.data());
    if (part < 0)
        storage_.refuse(key.data());
    Target &found = target(part);
    *constraint_ = found.constraint;
    return found;
}

void Writer::prepare_triggers(const Target &target) {
    TriggerDesc *const triggers = target.result->ri_TrigDesc; // a copy
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
        target.result->ri_TrigDesc = nullptr;
        return;
    }
    // The guard is the only BEFORE ROW trigger there is. Not even a disabled one may be looked for: that locks the row.
    triggers->trig_insert_before_row = false;
    triggers->trig_update_before_row = false;
    triggers->trig_delete_before_row = false;
    if (!defers())
        keep_from_now_on();
}

void Writer::keep_from_now_on() {
    pending_ = tuplestore_begin_heap(false, false, work_mem);
    pg::vector<definition::OutputColumn> const &columns = tview_.shape->columns;
    auto const count = static_cast<int>(columns.size());
    pending_row_ = CreateTemplateTupleDesc(count + 2);
    for (int i = 0; i < count; i++)
        TupleDescInitEntry(pending_row_, static_cast<AttrNumber>(i + 1), nullptr,
                           columns[static_cast<std::size_t>(i)].type,
                           columns[static_cast<std::size_t>(i)].typmod, 0);
    TupleDescInitEntry(pending_row_, static_cast<AttrNumber>(count + 1), "operation", CHAROID, -1, 0);
    TupleDescInitEntry(pending_row_, static_cast<AttrNumber>(count + 2), "stored", INT8OID, -1, 0);
}

// The defaults are those of the TVIEW itself.
void Writer::prepare_defaults(Target &target) {
    TupleDesc const descriptor = RelationGetDescr(target.table);
    Relation const table = storage_.table();
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute const column = TupleDescAttr(descriptor, i);
        if (column->attisdropped || column->attgenerated != '\0' ||
            std::find(target.columns.begin(), target.columns.end(), column->attnum) != target.columns.end())
            continue;
        AttrNumber const attno = target.table == table
                                     ? column->attnum
                                     : get_attnum(RelationGetRelid(table), NameStr(column->attname));
        auto *const expression = attno == InvalidAttrNumber
                                     ? nullptr
                                     : reinterpret_cast<Expr *>(build_column_default(table, attno));
        if (expression != nullptr)
            target.defaults.push_back({column->attnum, ExecPrepareExpr(expression, estate_)});
    }
}

// ---- changes, applied now or kept aside

void Writer::insert(TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(tview_.shape->columns.size()));
    Target *const target = defers() ? nullptr : &target_for(row);
    if (defers())
        keep('i', 0, row);
    else
        insert_now(*target, row);
    MemoryContextReset(row_context_);
}

void Writer::update(Place stored, TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(tview_.shape->columns.size()));
    Target &to = target(part_of(stored));
    if (defers()) {
        keep('u', stored, row);
    } else {
        fetch(to, stored);
        update_now(to, to.stored, row);
    }
    MemoryContextReset(row_context_);
}

void Writer::update(TupleTableSlot *stored, TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(tview_.shape->columns.size()));
    Target &target = target_of(stored);
    if (defers())
        keep('u', storage_.place(stored), row);
    else
        update_now(target, stored, row);
    MemoryContextReset(row_context_);
}

void Writer::remove(Place stored) {
    pg::ScopedContext const scope(row_context_);
    Target &from = target(part_of(stored));
    if (defers()) {
        keep('d', stored, nullptr);
    } else {
        fetch(from, stored);
        remove_now(from, from.stored);
    }
    MemoryContextReset(row_context_);
}

void Writer::remove(TupleTableSlot *stored) {
    pg::ScopedContext const scope(row_context_);
    Target &target = target_of(stored);
    if (defers())
        keep('d', storage_.place(stored), nullptr);
    else
        remove_now(target, stored);
    MemoryContextReset(row_context_);
}

void Writer::replace(TupleTableSlot *stored, int column, Datum value) {
    pg::ScopedContext const scope(row_context_);
    Target &target = target_of(stored);
    copy_stored(target, stored);
    int const at = target.columns[static_cast<std::size_t>(column)] - 1;
    target.fresh->tts_values[at] = value;
    target.fresh->tts_isnull[at] = false;
    ExecStoreVirtualTuple(target.fresh);
    if (!defers()) {
        write_update(target, stored);
    } else {
        TupleTableSlot *const row = MakeSingleTupleTableSlot(pending_row_, &TTSOpsVirtual);
        for (std::size_t i = 0; i < target.columns.size(); i++) {
            row->tts_values[i] = target.fresh->tts_values[target.columns[i] - 1];
            row->tts_isnull[i] = target.fresh->tts_isnull[target.columns[i] - 1];
        }
        keep('u', storage_.place(stored), row);
        ExecDropSingleTupleTableSlot(row);
    }
    MemoryContextReset(row_context_);
}

void Writer::keep(char operation, Place stored, TupleTableSlot *row) {
    std::size_t const columns = tview_.shape->columns.size();
    auto *const values = static_cast<Datum *>(palloc0(sizeof(Datum) * (columns + 2)));
    auto *const nulls = static_cast<bool *>(palloc(columns + 2));
    memset(nulls, true, columns + 2);
    for (std::size_t i = 0; row != nullptr && i < columns; i++) {
        values[i] = row->tts_values[i];
        nulls[i] = row->tts_isnull[i];
    }
    values[columns] = CharGetDatum(operation);
    nulls[columns] = false;
    values[columns + 1] = Int64GetDatum(stored);
    nulls[columns + 1] = false;
    tuplestore_putvalues(pending_, pending_row_, values, nulls);
}

void Writer::apply_pending() {
    if (!defers())
        return;
    AfterTriggerBeginQuery();
    TupleTableSlot *const row = MakeSingleTupleTableSlot(pending_row_, &TTSOpsMinimalTuple);
    auto const columns = static_cast<int>(tview_.shape->columns.size());
    while (tuplestore_gettupleslot(pending_, true, false, row)) {
        CHECK_FOR_INTERRUPTS();
        pg::ScopedContext const scope(row_context_);
        slot_getallattrs(row);
        char const operation = DatumGetChar(row->tts_values[columns]);
        Place const stored = DatumGetInt64(row->tts_values[columns + 1]);
        if (operation == 'i') {
            insert_now(target_for(row), row);
        } else {
            Target &to = target(part_of(stored));
            fetch(to, stored);
            if (operation == 'u')
                update_now(to, to.stored, row);
            else
                remove_now(to, to.stored);
        }
        MemoryContextReset(row_context_);
    }
    ExecDropSingleTupleTableSlot(row);
}

// ---- one row

// Removals need no index.
void Writer::open_indices(Target &target) {
    if (target.indices_open)
        return;
    pg::ScopedContext const scope(estate_->es_query_cxt);
    ExecOpenIndices(target.result, false);
    target.indices_open = true;
}

void Writer::fetch(Target &target, Place stored) {
    ItemPointerData tid = tid_of(stored);
    if (!table_tuple_fetch_row_version(target.table, &tid, GetActiveSnapshot(), target.stored))
        ereport(ERROR, errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                errmsg("a row of TVIEW \"%s\" has gone while it was being refreshed", tview_.name),
                errhint("The transaction might succeed if retried."));
}

void Writer::insert_now(Target &target, TupleTableSlot *row) {
    TupleTableSlot *const fresh = target.fresh;
    fill(fresh, target.columns, row);
    WriteScope const role(tview_.owner, outer_context_);
    for (const Default &column : target.defaults)
        fresh->tts_values[column.attno - 1] = ExecEvalExprSwitchContext(
            column.expression, GetPerTupleExprContext(estate_), &fresh->tts_isnull[column.attno - 1]);
    ExecStoreVirtualTuple(fresh);
    estate_->es_snapshot = GetActiveSnapshot();
    open_indices(target);
    ExecSimpleRelationInsert(target.result, estate_, fresh);
    written_.inserted++;
    listener_.changed(storage_.table(), target.table, nullptr, fresh);
    ResetPerTupleExprContext(estate_);
}

// Fills Target::fresh with a stored version, to be changed and stored.
void Writer::copy_stored(Target &target, TupleTableSlot *stored) {
    slot_getallattrs(stored);
    ExecClearTuple(target.fresh);
    auto const natts = static_cast<std::size_t>(RelationGetDescr(target.table)->natts);
    memcpy(target.fresh->tts_values, stored->tts_values, natts * sizeof(Datum));
    memcpy(target.fresh->tts_isnull, stored->tts_isnull, natts * sizeof(bool));
}

void Writer::update_now(Target &target, TupleTableSlot *stored, TupleTableSlot *row) {
    copy_stored(target, stored);
    TupleDesc const descriptor = RelationGetDescr(target.table);
    bool different = false;
    for (std::size_t i = 0; i < target.columns.size(); i++) {
        int const at = target.columns[i] - 1;
        bool const old_null = stored->tts_isnull[at];
        bool const new_null = row->tts_isnull[i];
        if (old_null == new_null && (new_null || datum_image_eq(stored->tts_values[at], row->tts_values[i],
                                                                TupleDescAttr(descriptor, at)->attbyval,
                                                                TupleDescAttr(descriptor, at)->attlen)))
            continue;
        target.fresh->tts_values[at] = row->tts_values[i];
        target.fresh->tts_isnull[at] = new_null;
        different = true;
    }
    if (!different) {
        unchanged();
        return;
    }
    ExecStoreVirtualTuple(target.fresh);
    write_update(target, stored);
}

void Writer::write_update(Target &target, TupleTableSlot *stored) {
    WriteScope const role(tview_.owner, outer_context_);
    estate_->es_snapshot = GetActiveSnapshot();
    open_indices(target);
    ExecSimpleRelationUpdate(target.result, estate_, &epq_, stored, target.fresh);
    written_.updated++;
    listener_.changed(storage_.table(), target.table, stored, target.fresh);
    ResetPerTupleExprContext(estate_);
}

void Writer::remove_now(Target &target, TupleTableSlot *stored) {
    WriteScope const role(tview_.owner, outer_context_);
    estate_->es_snapshot = GetActiveSnapshot();
    ExecSimpleRelationDelete(target.result, estate_, &epq_, stored);
    written_.deleted++;
    listener_.changed(storage_.table(), target.table, stored, nullptr);
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
    for (Target *target : targets_) {
        if (target == nullptr)
            continue;
        ExecDropSingleTupleTableSlot(target->stored);
        ExecDropSingleTupleTableSlot(target->fresh);
    }
    ExecCloseResultRelations(estate_); // with indexes, and what triggers of partitions have opened
    ExecResetTupleTable(estate_->es_tupleTable, false);
    FreeExecutorState(estate_);
    if (written_.rows() > 0)
        CommandCounterIncrement();
}

// ---- filling a new table

BulkWriter::BulkWriter(const dependency::Compiled &tview, Storage &storage)
    : tview_(tview), storage_(storage), context_(CurrentMemoryContext),
      row_context_(AllocSetContextCreate(CurrentMemoryContext, "pg_tviews row", ALLOCSET_DEFAULT_SIZES)),
      bulk_(storage.partitioned() ? nullptr : GetBulkInsertState()), command_(GetCurrentCommandId(true)) {
    targets_.resize(static_cast<std::size_t>(storage.parts()), nullptr);
}

BulkWriter::Target &BulkWriter::target_for(TupleTableSlot *row) {
    int part = 0;
    if (storage_.partitioned()) {
        pg::vector<Datum> key;
        for (int column : tview_.shape->key)
            key.push_back(row->tts_values[column]);
        part = storage_.part_for(key.data());
        if (part < 0)
            storage_.refuse(key.data());
    }
    Target *&target = targets_[static_cast<std::size_t>(part)];
    if (target == nullptr) {
        pg::ScopedContext const scope(context_);
        Relation const table = storage_.part(part);
        target = pg::make_in<Target>(context_);
        target->table = table;
        target->columns = definition_columns(tview_, table);
        target->fresh = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
    }
    return *target;
}

void BulkWriter::insert(TupleTableSlot *row) {
    pg::ScopedContext const scope(row_context_);
    slot_getsomeattrs(row, static_cast<int>(tview_.shape->columns.size()));
    Target &target = target_for(row);
    TupleTableSlot *const fresh = target.fresh;
    fill(fresh, target.columns, row);
    ExecStoreVirtualTuple(fresh);
    table_tuple_insert(target.table, fresh, command_, TABLE_INSERT_SKIP_FSM, bulk_);
    rows_++;
    MemoryContextReset(row_context_);
}

uint64 BulkWriter::finish() {
    if (bulk_ != nullptr)
        FreeBulkInsertState(bulk_);
    for (Target *target : targets_) {
        if (target == nullptr)
            continue;
        table_finish_bulk_insert(target->table, TABLE_INSERT_SKIP_FSM);
        ExecDropSingleTupleTableSlot(target->fresh);
    }
    if (rows_ > 0)
        CommandCounterIncrement();
    return rows_;
}

} // namespace tviews::refresh
