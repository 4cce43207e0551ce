// patch/patch.hpp - edits jsonb documents in their stored form.
//
// Used by the refresh to splice new values into stored documents and by the extension jsonb_delta, which is a set of
// SQL functions over this header. A Patch collects edits of one document, possibly many and at any depth, and writes
// the result once. The result is canonical: byte for byte what the equivalent core expressions give; numerics are
// copied, never printed. When nothing changes, the document itself is returned. Everything is allocated in
// CurrentMemoryContext and borrowed values must live until finish().
#pragma once

#include "patch/container.hpp"

namespace tviews::patch {

// Bump allocation for the edits: a few on the stack, more in CurrentMemoryContext.
class Arena {
  public:
    Arena() noexcept : at_(few_), end_(few_ + sizeof(few_)) {}
    Arena(const Arena &) = delete;
    Arena &operator=(const Arena &) = delete;
    void *allocate(std::size_t size);

  private:
    alignas(MAXIMUM_ALIGNOF) char few_[768];
    char *at_, *end_;
};

struct Plan;

struct Edit {
    enum class Op : uint8 { insert, replace, remove };
    Edit *next;
    Plan *plan; // edits inside the value, or nullptr
    Value value;
    Key key;   // of an insertion into an object
    uint32 at; // position in the source: insertions stand before it
    Op op;
};

// The edits of one container, ordered by position; at one position insertions come first.
struct Plan {
    Container source;
    Edit *first, *last;
    uint32 inserted, removed;
};

// A new, empty container; kind is JB_FOBJECT or JB_FARRAY.
Value empty_container(uint32 kind) noexcept;

class Patch {
  public:
    explicit Patch(const Jsonb *target) noexcept;
    Plan *root() noexcept { return &root_; }

    // An object's member or an array's element at position `at` of the source gets another value.
    void replace(Plan *plan, uint32 at, const Value &value);
    void remove(Plan *plan, uint32 at);
    // The plan for editing inside the container at `at`; nullptr if what is there is a scalar.
    Plan *descend(Plan *plan, uint32 at);
    // Into an array, before element `at` and after what was inserted there before.
    Edit *insert(Plan *plan, uint32 at, const Value &value);

    // Sets an object's member, which may be new.
    void set(Plan *plan, Key key, const Value &value);
    // The member as it stands after the edits so far: false if the object has none.
    bool member(Plan *plan, Key key, Value *value);
    // The plan for editing inside a member: nullptr if it is missing or a scalar.
    Plan *descend(Plan *plan, Key key);
    // The plan of a new, empty container that becomes a member.
    Plan *create(Plan *plan, Key key, uint32 kind);
    // The plan for editing inside an edit's value: nullptr if that is a scalar.
    Plan *inside(Edit *edit);
    // Gives what is edited or inserted already another value.
    void overwrite(Edit *edit, const Value &value) noexcept;

    // The document with the edits applied; the target itself if there are none.
    const Jsonb *finish();

  private:
    Plan *new_plan(Container source);
    Edit *add(Plan *plan, uint32 at, Edit::Op op, Key key);
    static Edit *edit_at(const Plan *plan, uint32 at) noexcept;
    static Edit *insertion_of(const Plan *plan, Key key) noexcept;

    const Jsonb *target_;
    int64 growth_ = 0;   // upper bound of how much longer the result is
    uint32 changes_ = 0; // effective edits
    Plan root_;
    Arena arena_;
};

// Merging: members of `source` (an object) replace those of the plan's object. Deep: where both values are objects they
// are merged in turn.
enum class Depth : bool { shallow, deep };
void merge(Patch &patch, Plan *plan, Container source, Depth depth);

// A step of a path: a member of an object or an element of an array.
struct Step {
    enum class Kind : uint8 { member, element };
    Key key; // a member's name
    uint32 index;
    Kind kind;
};
struct Path {
    const Step *steps;
    uint32 count;
    const char *base; // what the path starts from, for messages
};
// "a.b[0].c"; raises an error if the text is no such path.
Path parse_path(const char *text, uint32 length);
// Puts a value at the path, creating what is missing: objects for members, arrays padded with nulls for elements.
void set_path(Patch &patch, Plan *plan, Path path, const Value &value);
// The plan of the object at a path of member steps; missing objects are created. As in core's text[] paths, a name that
// is a number leads to an element of an array. Raises an error if something else is in the way.
Plan *object_at_path(Patch &patch, Plan *plan, Path path);

// Operations on an array that is the member `array` of the root object. Elements are found by a member's value: those
// that are objects and have `key` equal, as jsonb, to `value`; the first one counts. A missing array has no elements.
struct Match {
    Key array, key;
    Value value;
    const char *document = "target"; // what the document is called, for messages
};
bool contains_element(const Jsonb *target, const Match &match);
const Jsonb *merge_element(const Jsonb *target, const Match &match, Container updates);
const Jsonb *remove_element(const Jsonb *target, const Match &match);
const Jsonb *set_in_element(const Jsonb *target, const Match &match, Path path, const Value &value);
// `updates` is an array of {"match_value": .., "updates": {..}}; all of them are matched against the original array.
const Jsonb *merge_elements(const Jsonb *target, Key array, Key key, Container updates);
// Inserts in the order that ORDER BY element -> key [DESC] has, after equals; with no key at the end. A missing array
// is created.
enum class Order : uint8 { none, ascending, descending };
const Jsonb *insert_element(const Jsonb *target, Key array, const Value &element, Key key, Order order);

// Brings the elements of an array, objects told apart by their members `key`, up to date. `ids`: an array of the values
// of `key` whose elements may have changed; `fresh`: those elements as they are now, in order. `order`: the values of
// `key` of all elements as they are now, in order; nullptr: they are the same, at the same places. False, and an
// unfinished plan, when the array is not as expected, or when it becomes empty.
bool renew_elements(Patch &patch, Plan *array, Key key, Container ids, Container fresh,
                    const Container *order);

// The core's = and btree order of jsonb values.
bool equal_values(const Value &a, const Value &b);
int compare_values(const Value &a, const Value &b);

// "a number", "an array", ... for messages. raise_kind: "<what> is an array, not an object".
const char *kind_name(const Value &value) noexcept;
[[noreturn]] void raise_kind(const char *what, const Value &found, const char *needed, const char *hint);

} // namespace tviews::patch
