// refresh/storage.cpp - see storage.hpp.
#include "refresh/storage.hpp"

#include "errors/errors.hpp"
#include "refresh/queries.hpp"

#include <exception>

extern "C" {
#include "access/table.h"
#include "partitioning/partbounds.h"
#include "utils/ruleutils.h"
}

namespace tviews::refresh {

namespace {

// As many as fit into a Place.
constexpr int most_parts = 1 << 15;

[[noreturn]] void refuse_partitioning(const dependency::Compiled &tview) {
    ereport(ERROR, errcode(errors::refresh_failed),
            errmsg("TVIEW \"%s\" is partitioned in a way that cannot be maintained", tview.name),
            errdetail("Its partitions have to be tables, by hash or range on columns of its key."),
            errhint("Create it again with the options partition_by, partitions and bounds of "
                    "pg_tviews_create()."));
    pg_unreachable();
}

double rows_in(Oid relation) {
    HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
    if (!HeapTupleIsValid(tuple))
        return -1;
    double const rows = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->reltuples;
    ReleaseSysCache(tuple);
    return rows;
}

} // namespace

Storage::Storage(const dependency::Compiled &tview, Relation table)
    : tview_(tview), table_(table), partitioned_(table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE),
      entered_(std::uncaught_exceptions()) {
    if (!partitioned_)
        return;
    partition_key_ = RelationGetPartitionKey(table);
    partitions_ = RelationGetPartitionDesc(table, true);
    if (partitions_->nparts > most_parts || partition_key_->partexprs != NIL ||
        (partition_key_->strategy != PARTITION_STRATEGY_HASH &&
         partition_key_->strategy != PARTITION_STRATEGY_RANGE))
        refuse_partitioning(tview);
    const definition::Shape &shape = *tview.shape;
    for (int i = 0; i < partition_key_->partnatts; i++) {
        const char *const name =
            NameStr(TupleDescAttr(RelationGetDescr(table), partition_key_->partattrs[i] - 1)->attname);
        auto const found = std::find_if(shape.key.begin(), shape.key.end(), [&](int column) {
            return strcmp(shape.columns[static_cast<std::size_t>(column)].name, name) == 0;
        });
        if (found == shape.key.end())
            refuse_partitioning(tview);
        columns_.push_back(static_cast<int>(found - shape.key.begin()));
    }
    for (int i = 0; i < partitions_->nparts; i++) {
        if (!partitions_->is_leaf[i])
            refuse_partitioning(tview);
        number_.emplace_back(partitions_->oids[i], i);
    }
    std::sort(number_.begin(), number_.end());
    opened_.resize(static_cast<std::size_t>(partitions_->nparts), nullptr);
}

Storage::~Storage() {
    if (std::uncaught_exceptions() != entered_)
        return;
    for (Relation relation : opened_)
        if (relation != nullptr)
            table_close(relation, NoLock);
}

int Storage::partition_for(const Datum *key) const {
    Datum values[PARTITION_MAX_KEYS];
    bool nulls[PARTITION_MAX_KEYS] = {};
    for (std::size_t i = 0; i < columns_.size(); i++)
        values[i] = key[columns_[i]];
    PartitionBoundInfo const bounds = partitions_->boundinfo;
    if (partitions_->nparts == 0)
        return -1;
    if (partition_key_->strategy == PARTITION_STRATEGY_HASH) {
        uint64 const hash =
            compute_partition_hash_value(partition_key_->partnatts, partition_key_->partsupfunc,
                                         partition_key_->partcollation, values, nulls);
        return bounds->indexes[hash % static_cast<uint64>(bounds->nindexes)];
    }
    bool is_equal = false;
    int const below =
        partition_range_datum_bsearch(partition_key_->partsupfunc, partition_key_->partcollation, bounds,
                                      partition_key_->partnatts, values, &is_equal);
    int const found = bounds->indexes[below + 1];
    return found >= 0 ? found : bounds->default_index;
}

int Storage::partition_number(Oid relation) const {
    auto const found = std::lower_bound(number_.begin(), number_.end(), std::make_pair(relation, 0));
    if (found == number_.end() || found->first != relation)
        elog(ERROR, "relation with OID %u is no partition of TVIEW \"%s\"", relation, tview_.name);
    return found->second;
}

Relation Storage::partition(int number) {
    Relation &relation = opened_[static_cast<std::size_t>(number)];
    if (relation == nullptr)
        relation = table_open(partitions_->oids[number], RowExclusiveLock);
    return relation;
}

double Storage::rows() const {
    if (!partitioned_)
        return RelationGetForm(table_)->reltuples;
    double sum = -1; // only ANALYZE by hand counts the rows of the whole
    for (int i = 0; i < partitions_->nparts; i++) {
        double const rows = rows_in(partitions_->oids[i]);
        if (rows >= 0)
            sum = std::max(sum, 0.0) + rows;
    }
    return sum;
}

void Storage::refuse(const Datum *key) const {
    constexpr int most_shown = 8;
    auto *const nulls = static_cast<bool *>(palloc0(tview_.shape->key.size()));
    StringInfoData names;
    initStringInfo(&names);
    for (int i = 0; i < partitions_->nparts && i < most_shown; i++) {
        HeapTuple const tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(partitions_->oids[i]));
        bool is_null = true;
        Datum bound = 0;
        if (HeapTupleIsValid(tuple))
            bound = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &is_null);
        if (!is_null)
            appendStringInfo(&names, "%s%s %s", i > 0 ? ", " : "", get_rel_name(partitions_->oids[i]),
                             TextDatumGetCString(DirectFunctionCall2(
                                 pg_get_expr, bound, ObjectIdGetDatum(partitions_->oids[i]))));
        if (HeapTupleIsValid(tuple))
            ReleaseSysCache(tuple);
    }
    if (partitions_->nparts > most_shown)
        appendStringInfoString(&names, ", ...");
    ereport(ERROR, errcode(ERRCODE_CHECK_VIOLATION),
            errmsg("TVIEW \"%s\" has no partition for a row of its definition", tview_.name),
            errdetail("Key %s. Its partitions: %s.", key_text(tview_, key, nulls),
                      names.len > 0 ? names.data : "none"),
            errhint("Add one with CREATE TABLE ... PARTITION OF %s, if need be in the transaction that "
                    "takes another one away.",
                    tview_.qualified));
    pg_unreachable();
}

} // namespace tviews::refresh
