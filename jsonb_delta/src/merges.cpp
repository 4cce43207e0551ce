// merges.cpp - jsonb_merge_shallow, jsonb_merge_at_path, jsonb_deep_merge and jsonb_delta_set_path.
#include "arguments.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "utils/array.h"
}

using namespace jsonb_delta;

// (target jsonb, source jsonb): target || source for objects.
TVIEWS_FUNCTION(jsonb_merge_shallow) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    const Jsonb *const source = document(PG_GETARG_DATUM(1));
    object("target", target);
    patch::Patch edits(target);
    patch::merge(edits, edits.root(), object("source", source), patch::Depth::shallow);
    return result(PG_GETARG_DATUM(0), target, edits.finish());
}

// (target jsonb, source jsonb, path text[]): merges into the object at the path, which is created if it is missing.
TVIEWS_FUNCTION(jsonb_merge_at_path) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    const Jsonb *const source = document(PG_GETARG_DATUM(1));
    ArrayType *const path = PG_GETARG_ARRAYTYPE_P(2);
    if (ARR_NDIM(path) > 1)
        ereport(ERROR, errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                errmsg("path has %d dimensions, not one", ARR_NDIM(path)),
                errhint("Pass a path such as ARRAY['a', 'b']."));
    Datum *names;
    bool *nulls;
    int count;
    deconstruct_array(path, TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls, &count);
    auto *const steps =
        static_cast<patch::Step *>(palloc(sizeof(patch::Step) * static_cast<std::size_t>(count + 1)));
    for (int i = 0; i < count; i++) {
        if (nulls[i])
            ereport(ERROR, errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                    errmsg("path element at position %d is null", i + 1),
                    errhint("Pass a path such as ARRAY['a', 'b']."));
        steps[i] = {text_key(names[i]), 0, patch::Step::Kind::member};
    }
    patch::Container const updates = object("source", source);
    patch::Patch edits(target);
    patch::Path const steps_to_object = {steps, static_cast<uint32>(count), "target"};
    patch::merge(edits, patch::object_at_path(edits, edits.root(), steps_to_object), updates,
                 patch::Depth::shallow);
    return result(PG_GETARG_DATUM(0), target, edits.finish());
}

// (target jsonb, source jsonb): objects are merged member by member at every depth; otherwise the source wins.
TVIEWS_FUNCTION(jsonb_deep_merge) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    const Jsonb *const source = document(PG_GETARG_DATUM(1));
    patch::Container const updates(source);
    if (!patch::Container(target).is_object() || !updates.is_object())
        return PG_GETARG_DATUM(1);
    patch::Patch edits(target);
    patch::merge(edits, edits.root(), updates, patch::Depth::deep);
    return result(PG_GETARG_DATUM(0), target, edits.finish());
}

// (target jsonb, path text, value jsonb)
TVIEWS_FUNCTION(jsonb_delta_set_path) {
    const Jsonb *const target = document(PG_GETARG_DATUM(0));
    patch::Key const path = text_key(PG_GETARG_DATUM(1));
    patch::Patch edits(target);
    patch::set_path(edits, edits.root(), patch::parse_path(path.bytes, path.length),
                    patch::value_of(document(PG_GETARG_DATUM(2))));
    return result(PG_GETARG_DATUM(0), target, edits.finish());
}
