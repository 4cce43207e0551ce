// pg/value_set.cpp - see value_set.hpp.
#include "pg/value_set.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "utils/array.h"
#include "utils/datum.h"
}

namespace tviews::pg {

namespace {

constexpr unsigned char null_flag = 0;
constexpr unsigned char value_flag = 1;

// A pass-by-value datum has one image whatever code made it: oid columns come sign-extended from tuples.
int64 number_of(Datum value, int16 length) noexcept {
    switch (length) {
    case 1:
        return static_cast<int8>(value);
    case 2:
        return static_cast<int16>(value);
    case 4:
        return static_cast<int32>(value);
    default:
        return static_cast<int64>(value);
    }
}

} // namespace

void TupleFormat::add_column(Oid type) {
    Column column{};
    column.type = type;
    get_typlenbyvalalign(type, &column.length, &column.by_value, &column.alignment);
    columns_.push_back(column);
}

bool TupleFormat::add(ValueSet &set, const Datum *values, const bool *nulls) const {
    if (count() == 1 && columns_[0].by_value && (nulls == nullptr || !nulls[0]))
        return set.add(number_of(values[0], columns_[0].length));

    // First what has to be copied from where, then one buffer for all of it.
    struct Piece {
        const void *bytes;
        std::size_t length;
        int64 number;
        bool varlena;
    };
    Piece few_pieces[8];
    auto *const pieces =
        count() <= 8 ? few_pieces
                     : static_cast<Piece *>(palloc(sizeof(Piece) * static_cast<std::size_t>(count())));
    std::size_t total = 0;
    for (int i = 0; i < count(); i++) {
        Column const &column = columns_[static_cast<std::size_t>(i)];
        Piece &piece = pieces[i];
        piece = {nullptr, 0, 0, false};
        if (nulls != nullptr && nulls[i]) {
            total += 1;
            continue;
        }
        if (column.by_value) {
            piece.number = number_of(values[i], column.length);
            piece.bytes = &piece.number;
            piece.length = sizeof(int64);
        } else if (column.length == -1) {
            const auto *const varlena = PG_DETOAST_DATUM_PACKED(values[i]);
            piece.bytes = VARDATA_ANY(varlena);
            piece.length = VARSIZE_ANY_EXHDR(varlena);
            piece.varlena = true;
        } else if (column.length == -2) {
            piece.bytes = DatumGetCString(values[i]);
            piece.length = strlen(DatumGetCString(values[i])) + 1;
            piece.varlena = true;
        } else {
            piece.bytes = DatumGetPointer(values[i]);
            piece.length = static_cast<std::size_t>(column.length);
        }
        total += 1 + (piece.varlena ? sizeof(uint32) : 0) + piece.length;
    }

    unsigned char few_bytes[256];
    auto *const buffer = total <= sizeof(few_bytes) ? few_bytes : static_cast<unsigned char *>(palloc(total));
    unsigned char *at = buffer;
    for (int i = 0; i < count(); i++) {
        Piece const &piece = pieces[i];
        *at++ = piece.bytes == nullptr ? null_flag : value_flag;
        if (piece.bytes == nullptr)
            continue;
        if (piece.varlena) {
            auto const length = static_cast<uint32>(piece.length);
            memcpy(at, &length, sizeof(length));
            at += sizeof(length);
        }
        memcpy(at, piece.bytes, piece.length);
        at += piece.length;
    }
    bool const added = set.add(buffer, total);
    if (buffer != few_bytes)
        pfree(buffer);
    if (pieces != few_pieces)
        pfree(pieces);
    return added;
}

void TupleFormat::unpack(const ValueSet::View &view, Datum *values, bool *nulls) const {
    Assert(!view.is_all);
    if (view.is_number) {
        values[0] = static_cast<Datum>(view.number);
        nulls[0] = false;
        return;
    }
    const unsigned char *at = view.bytes;
    for (int i = 0; i < count(); i++) {
        Column const &column = columns_[static_cast<std::size_t>(i)];
        nulls[i] = *at++ == null_flag;
        values[i] = 0;
        if (nulls[i])
            continue;
        if (column.by_value) {
            int64 number;
            memcpy(&number, at, sizeof(number));
            at += sizeof(number);
            values[i] = static_cast<Datum>(number);
            continue;
        }
        auto length = static_cast<uint32>(column.length);
        if (column.length < 0) {
            memcpy(&length, at, sizeof(length));
            at += sizeof(length);
        }
        if (column.length == -1) {
            auto *const varlena = static_cast<struct varlena *>(palloc(length + VARHDRSZ));
            SET_VARSIZE(varlena, length + VARHDRSZ);
            memcpy(VARDATA(varlena), at, length);
            values[i] = PointerGetDatum(varlena);
        } else {
            void *const copy = palloc(length);
            memcpy(copy, at, length);
            values[i] = PointerGetDatum(copy);
        }
        at += length;
    }
}

void TupleFormat::arrays(const ValueSet &set, uint32 from, uint32 to, Datum *result) const {
    auto const rows = static_cast<std::size_t>(to - from);
    auto const columns = static_cast<std::size_t>(count());
    auto *const values = static_cast<Datum *>(
        MemoryContextAllocHuge(CurrentMemoryContext, (rows * columns + 1) * sizeof(Datum)));
    auto *const nulls = static_cast<bool *>(MemoryContextAllocHuge(CurrentMemoryContext, rows * columns + 1));
    auto *const row = static_cast<Datum *>(palloc(sizeof(Datum) * (columns + 1)));
    auto *const row_nulls = static_cast<bool *>(palloc(columns + 1));
    for (std::size_t i = 0; i < rows; i++) {
        unpack(set[from + static_cast<uint32>(i)], row, row_nulls);
        for (std::size_t c = 0; c < columns; c++) {
            values[c * rows + i] = row[c];
            nulls[c * rows + i] = row_nulls[c];
        }
    }
    for (std::size_t c = 0; c < columns; c++) {
        Column const &column = columns_[c];
        int dimensions[1] = {static_cast<int>(rows)};
        int lower_bounds[1] = {1};
        result[c] = PointerGetDatum(construct_md_array(values + c * rows, nulls + c * rows, 1, dimensions,
                                                       lower_bounds, column.type, column.length,
                                                       column.by_value, column.alignment));
    }
    pfree(values);
    pfree(nulls);
    pfree(row);
    pfree(row_nulls);
}

} // namespace tviews::pg
