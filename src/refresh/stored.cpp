// refresh/stored.cpp - see stored.hpp.
#include "refresh/stored.hpp"

#include "errors/errors.hpp"

namespace tviews::refresh {

KeyIndex::KeyIndex(const dependency::Compiled &tview, Storage &storage)
    : tview_(tview), storage_(storage),
      partitions_(storage.partitioned() ? static_cast<std::size_t>(storage.parts()) : 0) {
    open(storage.table(), index_);
}

void KeyIndex::open(Relation table, std::optional<RowIndex> &result) const {
    list_free(RelationGetIndexList(table)); // finds out about the primary key
    if (!OidIsValid(table->rd_pkindex))
        return;
    Relation const index = index_open(table->rd_pkindex, AccessShareLock);
    const definition::Shape &shape = *tview_.shape;
    result.emplace(table, index);
    bool fits = index->rd_index->indisvalid &&
                static_cast<std::size_t>(index->rd_index->indnkeyatts) == shape.key.size();
    for (int i = 0; fits && i < index->rd_index->indnkeyatts; i++) {
        AttrNumber const attno = index->rd_index->indkey.values[i];
        const char *const name =
            attno > 0 ? NameStr(TupleDescAttr(RelationGetDescr(table), attno - 1)->attname) : "";
        int position = -1;
        for (std::size_t k = 0; k < shape.key.size(); k++)
            if (strcmp(shape.columns[static_cast<std::size_t>(shape.key[k])].name, name) == 0)
                position = static_cast<int>(k);
        pg::IndexEquality const equality = pg::index_equality(index, i, index->rd_opcintype[i]);
        fits = position >= 0 && OidIsValid(equality.procedure);
        if (fits)
            result->add_column(position, equality);
    }
    if (!fits)
        result.reset();
}

TupleTableSlot *KeyIndex::find_in_partition(const Datum *values) {
    int const part = storage_.part_for(values);
    if (part < 0)
        return nullptr;
    std::optional<RowIndex> &index = partitions_[static_cast<std::size_t>(part)];
    if (!index) {
        pg::ScopedContext const scope(context_);
        open(storage_.part(part), index);
    }
    if (!index)
        ereport(ERROR, errcode(errors::refresh_failed),
                errmsg("partition \"%s\" of TVIEW \"%s\" has no primary key on the key columns",
                       RelationGetRelationName(storage_.part(part)), tview_.name),
                errhint("Create the primary key of the TVIEW again with ALTER TABLE ... ADD PRIMARY KEY."));
    return index->find(values);
}

} // namespace tviews::refresh
