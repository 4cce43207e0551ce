// arguments.hpp - the arguments of SQL functions as the patch engine wants them.
//
// Documents are detoasted with a four-byte header, because the engine relies on alignment. A function that changes
// nothing returns its argument as it came, so that a TOAST pointer stays one.
#pragma once

#include "patch/patch.hpp"

namespace jsonb_delta {

namespace patch = tviews::patch;

inline const Jsonb *document(Datum value) { return reinterpret_cast<const Jsonb *>(PG_DETOAST_DATUM(value)); }

inline patch::Key text_key(Datum value) {
    const auto *const text = PG_DETOAST_DATUM_PACKED(value);
    return {VARDATA_ANY(text), static_cast<uint32>(VARSIZE_ANY_EXHDR(text))};
}

// A document that must be an object.
inline patch::Container object(const char *name, const Jsonb *value) {
    patch::Container const root(value);
    if (!root.is_object())
        patch::raise_kind(name, patch::value_of(value), "an object",
                          "Pass a JSON object such as {\"key\": \"value\"}.");
    return root;
}

// The result of an edit of `target`, which was made from `argument`.
inline Datum result(Datum argument, const Jsonb *target, const Jsonb *edited) {
    return edited == target ? argument : PointerGetDatum(edited);
}

} // namespace jsonb_delta
