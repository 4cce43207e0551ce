// patch/patch.cpp - collects edits as a tree of plans and writes the edited document in one pass.
//
// A plan mirrors a container on the way to an edit; everything beside that way is copied in runs (writer.hpp). Plans
// compose: an edited or inserted value that is a container can be edited in turn, because a plan's source may be any
// container. growth_ bounds the result's size from above: every edit counts its new bytes, its entries and the padding
// it may cause, and never more savings than the bytes that certainly go.
#include "patch/patch.hpp"

#include "patch/writer.hpp"

#include <algorithm>

namespace tviews::patch {

namespace {

// Two entries, and three places that may get new padding: the edited value, and the next aligned child after its key
// and after itself.
constexpr int64 edit_overhead = 2 * sizeof(uint32) + 12;

constexpr uint32 empty_object[] = {JB_FOBJECT};
constexpr uint32 empty_array[] = {JB_FARRAY};

constexpr Key no_key = {nullptr, 0};

void write(Writer &writer, const Plan &plan);

void write_value(Writer &writer, Writer::Frame &frame, const Edit &edit) {
    if (edit.plan == nullptr) {
        writer.put(frame, edit.value);
        return;
    }
    std::size_t const opened = writer.open();
    write(writer, *edit.plan);
    writer.close(frame, opened);
}

// `written`: the children of the source before it are in the output or dropped. For objects the edits are walked twice,
// for the keys and for the values; a run may reach from the last keys into the first values.
void write(Writer &writer, const Plan &plan) {
    check_stack_depth();
    Container const source = plan.source;
    bool const object = source.is_object();
    uint32 const count = source.count();
    Writer::Frame frame = writer.begin(object ? JB_FOBJECT : JB_FARRAY, count + plan.inserted - plan.removed);
    uint32 written = 0;
    if (object && plan.inserted + plan.removed > 0) {
        for (const Edit *edit = plan.first; edit != nullptr; edit = edit->next) {
            if (edit->op == Edit::Op::replace)
                continue;
            writer.run(frame, source, written, edit->at);
            written = edit->at;
            if (edit->op == Edit::Op::remove)
                written++;
            else
                writer.put(frame, {JENTRY_ISSTRING, edit->key.bytes, edit->key.length});
        }
    }
    uint32 const values = object ? count : 0;
    for (const Edit *edit = plan.first; edit != nullptr; edit = edit->next) {
        writer.run(frame, source, written, values + edit->at);
        written = values + edit->at;
        if (edit->op != Edit::Op::insert)
            written++;
        if (edit->op != Edit::Op::remove)
            write_value(writer, frame, *edit);
    }
    writer.run(frame, source, written, source.children());
    writer.end(frame);
}

} // namespace

Value empty_container(uint32 kind) noexcept {
    return {JENTRY_ISCONTAINER,
            reinterpret_cast<const char *>(kind == JB_FOBJECT ? empty_object : empty_array), sizeof(uint32)};
}

void *Arena::allocate(std::size_t size) {
    size = MAXALIGN(size);
    if (size > static_cast<std::size_t>(end_ - at_)) {
        std::size_t const block = std::max<std::size_t>(8192, size);
        at_ = static_cast<char *>(palloc(block));
        end_ = at_ + block;
    }
    void *const result = at_;
    at_ += size;
    return result;
}

Patch::Patch(const Jsonb *target) noexcept
    : target_(target), root_{Container(target), nullptr, nullptr, 0, 0} {}

Plan *Patch::new_plan(Container source) {
    auto *const plan = static_cast<Plan *>(arena_.allocate(sizeof(Plan)));
    *plan = {source, nullptr, nullptr, 0, 0};
    return plan;
}

// Links a new edit into its place. Edits mostly come in order, so the end is tried first.
Edit *Patch::add(Plan *plan, uint32 at, Edit::Op op, Key key) {
    auto *const edit = static_cast<Edit *>(arena_.allocate(sizeof(Edit)));
    *edit = {nullptr, nullptr, {}, key, at, op};
    auto const comes_after = [&](const Edit *other) {
        if (other->at != at || other->op != Edit::Op::insert)
            return other->at < at;
        return op != Edit::Op::insert || key.bytes == nullptr || compare_keys(other->key, key) < 0;
    };
    if (plan->last == nullptr || comes_after(plan->last)) {
        (plan->last == nullptr ? plan->first : plan->last->next) = edit;
        plan->last = edit;
    } else {
        Edit **place = &plan->first;
        while (comes_after(*place))
            place = &(*place)->next;
        edit->next = *place;
        *place = edit;
    }
    if (op == Edit::Op::insert)
        plan->inserted++;
    else if (op == Edit::Op::remove)
        plan->removed++;
    growth_ += edit_overhead;
    return edit;
}

Edit *Patch::edit_at(const Plan *plan, uint32 at) noexcept {
    if (plan->last == nullptr || plan->last->at < at)
        return nullptr;
    for (Edit *edit = plan->first; edit != nullptr && edit->at <= at; edit = edit->next)
        if (edit->at == at && edit->op != Edit::Op::insert)
            return edit;
    return nullptr;
}

Edit *Patch::insertion_of(const Plan *plan, Key key) noexcept {
    if (plan->inserted > 0)
        for (Edit *edit = plan->first; edit != nullptr; edit = edit->next)
            if (edit->op == Edit::Op::insert && edit->key == key)
                return edit;
    return nullptr;
}

// Nothing is subtracted from growth_: how much the old edit had saved or cost
// inside is not known.
void Patch::overwrite(Edit *edit, const Value &value) noexcept {
    edit->plan = nullptr;
    edit->value = value;
    growth_ += value.length;
    changes_++;
}

void Patch::replace(Plan *plan, uint32 at, const Value &value) {
    if (Edit *const edit = edit_at(plan, at); edit != nullptr) {
        if (edit->op == Edit::Op::remove) {
            edit->op = Edit::Op::replace;
            plan->removed--;
        }
        overwrite(edit, value);
        return;
    }
    Value const old = plan->source.value(at);
    if (same_image(old, value))
        return;
    Edit *const edit = add(plan, at, Edit::Op::replace, no_key);
    edit->value = value;
    growth_ += static_cast<int64>(value.length) - static_cast<int64>(old.length);
    changes_++;
}

void Patch::remove(Plan *plan, uint32 at) {
    changes_++;
    if (Edit *const edit = edit_at(plan, at); edit != nullptr) {
        plan->removed += edit->op != Edit::Op::remove;
        edit->op = Edit::Op::remove;
        return;
    }
    add(plan, at, Edit::Op::remove, no_key);
    growth_ -= plan->source.value(at).length;
}

Plan *Patch::inside(Edit *edit) {
    if (edit->plan == nullptr && edit->op != Edit::Op::remove && edit->value.is_container())
        edit->plan = new_plan(Container(edit->value.bytes));
    return edit->plan;
}

Plan *Patch::descend(Plan *plan, uint32 at) {
    if (Edit *const edit = edit_at(plan, at); edit != nullptr)
        return inside(edit);
    Value const value = plan->source.value(at);
    if (!value.is_container())
        return nullptr;
    Edit *const edit = add(plan, at, Edit::Op::replace, no_key);
    edit->value = value;
    return inside(edit);
}

Edit *Patch::insert(Plan *plan, uint32 at, const Value &value) {
    Edit *const edit = add(plan, at, Edit::Op::insert, no_key);
    edit->value = value;
    growth_ += value.length;
    changes_++;
    return edit;
}

void Patch::set(Plan *plan, Key key, const Value &value) {
    KeySearch search(plan->source);
    if (search.find(key)) {
        replace(plan, search.index(), value);
        return;
    }
    if (Edit *const edit = insertion_of(plan, key); edit != nullptr) {
        overwrite(edit, value);
        return;
    }
    Edit *const edit = add(plan, search.index(), Edit::Op::insert, key);
    edit->value = value;
    growth_ += static_cast<int64>(key.length) + value.length;
    changes_++;
}

bool Patch::member(Plan *plan, Key key, Value *value) {
    KeySearch search(plan->source);
    const Edit *edit;
    if (search.find(key)) {
        edit = edit_at(plan, search.index());
        if (edit == nullptr) {
            *value = plan->source.value(search.index());
            return true;
        }
    } else
        edit = insertion_of(plan, key);
    if (edit == nullptr || edit->op == Edit::Op::remove)
        return false;
    *value = edit->value;
    return true;
}

Plan *Patch::descend(Plan *plan, Key key) {
    KeySearch search(plan->source);
    if (search.find(key))
        return descend(plan, search.index());
    Edit *const edit = insertion_of(plan, key);
    return edit == nullptr ? nullptr : inside(edit);
}

Plan *Patch::create(Plan *plan, Key key, uint32 kind) {
    set(plan, key, empty_container(kind));
    return descend(plan, key);
}

const Jsonb *Patch::finish() {
    if (changes_ == 0)
        return target_;
    Writer writer(static_cast<std::size_t>(VARSIZE(target_) + growth_));
    write(writer, root_);
    return writer.finish();
}

} // namespace tviews::patch
