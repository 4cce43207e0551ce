// refresh/stored.cpp - see stored.hpp.
#include "refresh/stored.hpp"

namespace tviews::refresh {

KeyIndex::KeyIndex(const dependency::Compiled &tview, Relation table) {
    list_free(RelationGetIndexList(table)); // finds out about the primary key
    if (!OidIsValid(table->rd_pkindex))
        return;
    Relation const index = index_open(table->rd_pkindex, AccessShareLock);
    const definition::Shape &shape = *tview.shape;
    index_.emplace(table, index);
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
            index_->add_column(position, equality);
    }
    if (!fits)
        index_.reset();
}

} // namespace tviews::refresh
