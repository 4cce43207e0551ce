// patch/path.cpp - paths: their text form, walking along them, creating what is missing.
//
// A path text is member names separated by dots and element numbers in brackets: a.b[0].c, [2].x. There is no quoting:
// names with dots or brackets are out of reach of the text form. Nothing in the way is ever replaced to make a path
// possible: a scalar, null included, or the wrong kind of container on the path is an error.
#include "patch/patch.hpp"

namespace tviews::patch {

namespace {

// Elements that set_path may add to an array as nulls: a typing error must not fill the memory.
constexpr uint32 padding_limit = 100000;

constexpr Value null_value = {JENTRY_ISNULL, nullptr, 0};

[[noreturn]] void raise_syntax(const char *text, uint32 length, const char *detail) {
    ereport(ERROR, errcode(ERRCODE_INVALID_PARAMETER_VALUE),
            errmsg("invalid path \"%.*s\"", static_cast<int>(length), text), errdetail("%s", detail),
            errhint("Write member names separated by dots and element numbers in brackets, as in a.b[0].c."));
    pg_unreachable();
}

// The first `count` steps as text.
const char *path_text(Path path, uint32 count) {
    StringInfoData text;
    initStringInfo(&text);
    for (uint32 i = 0; i < count; i++) {
        Step const &step = path.steps[i];
        bool const element = step.kind == Step::Kind::element;
        if (i > 0 && !element)
            appendStringInfoChar(&text, '.');
        if (element)
            appendStringInfo(&text, "[%u]", step.index);
        else
            appendBinaryStringInfo(&text, step.key.bytes, static_cast<int>(step.key.length));
    }
    return text.data;
}

// The value that the first `count` steps lead to is in the way.
[[noreturn]] void raise_in_the_way(Path path, uint32 count, const Value &found, const char *needed) {
    const char *what = path.base;
    if (count > 0)
        what = psprintf("value at path \"%s\"", path_text(path, count));
    raise_kind(what, found, needed,
               "Only what is missing is created; replace that value first if it may go.");
}

Value as_value(Container container) noexcept {
    if (container.is_scalar())
        return container.child(0);
    return {JENTRY_ISCONTAINER, reinterpret_cast<const char *>(container.entries() - 1), 0};
}

// Reads an element number of core's text[] paths: negative ones count from the end.
bool element_number(Key text, uint32 count, uint32 *index) noexcept {
    uint32 at = 0;
    bool const negative = text.length > 0 && text.bytes[0] == '-';
    at += negative;
    if (at == text.length || text.length - at > 9)
        return false;
    uint32 number = 0;
    for (; at < text.length; at++) {
        if (text.bytes[at] < '0' || text.bytes[at] > '9')
            return false;
        number = number * 10 + static_cast<uint32>(text.bytes[at] - '0');
    }
    if (negative && (number == 0 || number > count))
        return false;
    *index = negative ? count - number : number;
    return true;
}

// The edit for the element `index` beyond the source's elements, after padding. nullptr: it has to be inserted at the
// end, and everything before it is there.
Edit *appended_element(Patch &patch, Plan *plan, uint32 index) {
    uint32 const count = plan->source.count();
    uint32 place = count;
    for (Edit *edit = plan->first; edit != nullptr; edit = edit->next)
        if (edit->at == count && edit->op == Edit::Op::insert && place++ == index)
            return edit;
    if (index - place > padding_limit)
        ereport(
            ERROR, errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
            errmsg("element %u would add more than %u nulls to an array of %u", index, padding_limit, place),
            errhint("Use a smaller element number."));
    for (; place < index; place++)
        patch.insert(plan, count, null_value);
    return nullptr;
}

} // namespace

Path parse_path(const char *text, uint32 length) {
    if (length == 0)
        raise_syntax(text, length, "The path is empty.");
    uint32 most = 1;
    for (uint32 i = 0; i < length; i++)
        most += text[i] == '.' || text[i] == '[';
    auto *const steps = static_cast<Step *>(palloc(sizeof(Step) * most));
    uint32 count = 0;
    uint32 at = 0;
    while (at < length) {
        uint32 const begin = at;
        if (text[at] == '[') {
            uint32 index = 0;
            for (at++; at < length && text[at] >= '0' && text[at] <= '9'; at++) {
                if (index > (JB_CMASK - 9) / 10)
                    raise_syntax(text, length, "An element number is too large.");
                index = index * 10 + static_cast<uint32>(text[at] - '0');
            }
            if (at == begin + 1 || at == length || text[at] != ']')
                raise_syntax(text, length, "An element number must be digits between brackets.");
            at++;
            steps[count++] = {{text + begin, at - begin}, index, Step::Kind::element};
        } else {
            while (at < length && text[at] != '.' && text[at] != '[' && text[at] != ']')
                at++;
            if (at == begin)
                raise_syntax(text, length,
                             text[at] == ']' ? "A closing bracket has no opening one."
                                             : "A member name is empty.");
            steps[count++] = {{text + begin, at - begin}, 0, Step::Kind::member};
        }
        if (at == length)
            break;
        if (text[at] == '.') {
            if (++at == length || text[at] == '[')
                raise_syntax(text, length, "A dot must be followed by a member name.");
        } else if (text[at] != '[')
            raise_syntax(text, length,
                         text[at] == ']' ? "A closing bracket has no opening one."
                                         : "A closing bracket must be followed by a dot or a bracket.");
    }
    return {steps, count, "target"};
}

void set_path(Patch &patch, Plan *plan, Path path, const Value &value) {
    for (uint32 i = 0; i < path.count; i++) {
        Step const &step = path.steps[i];
        bool const last = i + 1 == path.count;
        uint32 const kind = !last && path.steps[i + 1].kind == Step::Kind::element ? JB_FARRAY : JB_FOBJECT;
        Plan *next = nullptr;
        Value found;
        if (step.kind == Step::Kind::member) {
            if (!plan->source.is_object())
                raise_in_the_way(path, i, as_value(plan->source), "an object");
            if (last)
                patch.set(plan, step.key, value);
            else if (!patch.member(plan, step.key, &found))
                next = patch.create(plan, step.key, kind);
            else if (found.is_container())
                next = patch.descend(plan, step.key);
            else
                raise_in_the_way(path, i + 1, found, kind == JB_FARRAY ? "an array" : "an object");
        } else {
            if (!plan->source.is_array())
                raise_in_the_way(path, i, as_value(plan->source), "an array");
            uint32 const count = plan->source.count();
            if (step.index < count) {
                if (last)
                    patch.replace(plan, step.index, value);
                else {
                    next = patch.descend(plan, step.index);
                    found = plan->source.value(step.index);
                }
            } else {
                Edit *edit = appended_element(patch, plan, step.index);
                if (edit == nullptr)
                    edit = patch.insert(plan, count, last ? value : empty_container(kind));
                else if (last)
                    patch.overwrite(edit, value);
                if (!last) {
                    next = patch.inside(edit);
                    found = edit->value;
                }
            }
            if (!last && next == nullptr)
                raise_in_the_way(path, i + 1, found, kind == JB_FARRAY ? "an array" : "an object");
        }
        plan = next;
    }
}

Plan *object_at_path(Patch &patch, Plan *plan, Path path) {
    for (uint32 i = 0; i < path.count; i++) {
        Step const &step = path.steps[i];
        Plan *next = nullptr;
        Value found = {};
        if (plan->source.is_object()) {
            if (!patch.member(plan, step.key, &found)) {
                plan = patch.create(plan, step.key, JB_FOBJECT);
                continue;
            }
            next = patch.descend(plan, step.key);
        } else {
            uint32 index = 0;
            if (!plan->source.is_array() || !element_number(step.key, plan->source.count(), &index) ||
                index >= plan->source.count())
                raise_in_the_way(path, i, as_value(plan->source), "an object");
            found = plan->source.value(index);
            next = patch.descend(plan, index);
        }
        if (next == nullptr)
            raise_in_the_way(path, i + 1, found, "an object");
        plan = next;
    }
    if (!plan->source.is_object())
        raise_in_the_way(path, path.count, as_value(plan->source), "an object");
    return plan;
}

} // namespace tviews::patch
