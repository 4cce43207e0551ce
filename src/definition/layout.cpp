// definition/layout.cpp - see layout.hpp.
//
// The footprint of the rest of the definition is taken without the leaves and without the sub-selects that only leaves
// contain. What is in neither that nor the footprints of leaves is taken to reach anything.
#include "definition/layout_analysis.hpp"

#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "utils/fmgroids.h"
#include "utils/ruleutils.h"
}

namespace tviews::definition {

FuncExpr *object_literal(Node *expr) {
    if (!IsA(expr, FuncExpr))
        return nullptr;
    auto *const call = castNode(FuncExpr, expr);
    bool const literal = call->funcid == F_JSONB_BUILD_OBJECT_ANY && !call->funcvariadic &&
                         call->args != NIL && list_length(call->args) % 2 == 0;
    return literal ? call : nullptr;
}

const char *literal_key(Node *expr) {
    if (!IsA(expr, Const))
        return nullptr;
    auto *const value = castNode(Const, expr);
    if (value->constisnull)
        return nullptr;
    if (value->consttype == UNKNOWNOID) // a literal without a cast
        return pstrdup(DatumGetCString(value->constvalue));
    return value->consttype == TEXTOID ? TextDatumGetCString(value->constvalue) : nullptr;
}

bool plain_keys(const FuncExpr *object) {
    List *keys = NIL;
    for (int i = 0; i < list_length(object->args); i += 2) {
        const char *const key = literal_key(static_cast<Node *>(list_nth(object->args, i)));
        if (key == nullptr)
            return false;
        for (const char *other : pg::each<const char>(keys))
            if (strcmp(other, key) == 0)
                return false;
        keys = lappend(keys, const_cast<char *>(key));
    }
    return true;
}

namespace {

constexpr const char *patch_column = "?patch?";

class Builder {
  public:
    Builder(const Scope &scope, const Query *query, const Shape &shape)
        : scope_(scope), query_(query), shape_(shape) {}

    Layout *run() {
        if (!rows_stay() || !find_document())
            return nullptr;
        layout_->root = node(nullptr, 0, document_, output());
        if (layout_->root->is_leaf)
            return nullptr;
        layout_->document = object_literal(static_cast<Node *>(copyObject(output())));
        feeds();
        return layout_;
    }

  private:
    // With another target list the query must return the same rows.
    bool rows_stay() const {
        return query_->setOperations == nullptr && query_->distinctClause == NIL &&
               query_->groupingSets == NIL && !query_->hasTargetSRFs && !is_limited(query_) &&
               (query_->groupClause != NIL || (!query_->hasAggs && query_->havingQual == nullptr));
    }

    // The column "data" if it is built by an object literal, else the first that is.
    bool find_document() {
        int found = -1;
        int position = 0;
        for (auto *tle : pg::each<TargetEntry>(query_->targetList)) {
            if (tle->resjunk)
                continue;
            FuncExpr *const literal = object_literal(reinterpret_cast<Node *>(tle->expr));
            if (literal != nullptr && tle->ressortgroupref == 0 &&
                (found < 0 || strcmp(tle->resname, "data") == 0)) {
                found = position;
                document_ = reinterpret_cast<Node *>(tle->expr);
                resno_ = tle->resno;
            }
            position++;
        }
        if (found < 0)
            return false;
        layout_ = pg::make_in<Layout>(CurrentMemoryContext);
        layout_->column = found;
        layout_->query = static_cast<Query *>(copyObject(const_cast<Query *>(query_)));
        for (int column : shape_.key)
            layout_->key.push_back(shape_.columns[static_cast<std::size_t>(column)].name);
        return true;
    }

    Node *output() const { return static_cast<Node *>(list_nth(scope_.top->outputs, resno_ - 1)); }

    // `expr` as written, `global` the same in global form.
    LayoutNode *node(const char *key, int argument, Node *expr, Node *global) {
        check_stack_depth();
        auto *made = pg::make_in<LayoutNode>(CurrentMemoryContext);
        made->key = key;
        made->length = key == nullptr ? 0 : static_cast<uint32>(strlen(key));
        made->argument = argument;
        FuncExpr *const object = object_literal(expr);
        FuncExpr *const same = object_literal(global);
        made->is_leaf = object == nullptr || same == nullptr || !plain_keys(object) ||
                        list_length(object->args) != list_length(same->args);
        if (made->is_leaf) {
            made->leaves = leaf(expr, global);
            return made;
        }
        std::size_t const length = path_.size();
        for (int i = 0; i < list_length(object->args); i += 2) {
            const char *const member = literal_key(static_cast<Node *>(list_nth(object->args, i)));
            if (!path_.empty())
                path_ += '.';
            path_ += member;
            LayoutNode *const below = node(member, i + 1, static_cast<Node *>(list_nth(object->args, i + 1)),
                                           static_cast<Node *>(list_nth(same->args, i + 1)));
            made->members.push_back(below);
            made->leaves |= below->leaves;
            path_.resize(length);
        }
        return made;
    }

    Leaves leaf(Node *expr, Node *global) {
        if (footprints_.size() < max_leaves) {
            footprints_.push_back(pg::make_in<Footprint>(CurrentMemoryContext, scope_));
            owners_.push_back(own_rel(scope_, global));
            layout_->paths.push_back(pstrdup(path_.c_str()));
            if (footprints_.size() < max_leaves)
                find_array(scope_, *layout_, static_cast<int>(footprints_.size()) - 1, expr, global);
        } else {
            layout_->paths.back() = "...";
            owners_.back() = 0;
        }
        footprints_.back()->expression(global);
        auto step = [&](Node *part) {
            if (IsA(part, Param) && castNode(Param, part)->paramkind == PARAM_EXEC)
                sublinks_ = bms_add_member(sublinks_, castNode(Param, part)->paramid);
            return false;
        };
        pg::walk(global, step, false);
        return Leaves(1) << (footprints_.size() - 1);
    }

    void feeds() {
        Footprint rest(scope_);
        rest.from(scope_.top);
        int resno = 0;
        for (Node *expr : pg::each<Node>(scope_.top->outputs))
            if (++resno != resno_)
                rest.expression(expr);
        for (const Sublink &sublink : scope_.top->sublinks)
            if (!bms_is_member(sublink.rel, sublinks_))
                rest.level(sublink.level);
        for (const Source *source : shape_.sources) {
            layout_->sources.emplace_back();
            if (source->occurrence <= 0)
                continue;
            feeds_of(*source, rest, layout_->sources.back());
            find_element_source(*layout_, *source, layout_->sources.back());
            own_leaves(source->occurrence, layout_->sources.back());
        }
    }

    void feeds_of(const Source &source, const Footprint &rest, SourceFeeds &result) {
        int const rel = source.occurrence;
        bool const outside = rest.rows(rel);
        for (std::size_t i = 0; i < footprints_.size() && !outside; i++)
            if (footprints_[i]->rows(rel))
                result.confined |= Leaves(1) << i;
        for (int member = -1; outside && (member = bms_next_member(source.used, member)) >= 0;) {
            auto const attno = static_cast<AttrNumber>(member + FirstLowInvalidHeapAttributeNumber);
            if (attno <= 0 || rest.uses(rel, attno))
                continue;
            Leaves leaves = 0;
            for (std::size_t i = 0; i < footprints_.size(); i++)
                if (footprints_[i]->uses(rel, attno))
                    leaves |= Leaves(1) << i;
            if (leaves != 0)
                result.feeds.push_back({attno, leaves});
        }
    }

    void own_leaves(int rel, SourceFeeds &result) {
        for (std::size_t i = 0; i < owners_.size(); i++)
            if (owners_[i] == rel)
                result.own |= Leaves(1) << i;
        if (result.own != 0)
            identify(scope_, query_, scope_.rel(rel), result);
        if (!OidIsValid(result.index))
            result.own = 0;
    }

    const Scope &scope_;
    const Query *query_;
    const Shape &shape_;
    Layout *layout_ = nullptr;
    Node *document_ = nullptr;
    int resno_ = 0;
    pg::vector<Footprint *> footprints_; // by leaf
    pg::vector<int> owners_;             // by leaf: own_rel()
    Bitmapset *sublinks_ = nullptr;      // rels of the sub-selects in leaves
    pg::string path_;
};

// The object literal with what leads to `part.leaves` only.
FuncExpr *reduce(const Layout &layout, const FuncExpr *object, const LayoutNode &node, const Part &part) {
    auto *const result = static_cast<FuncExpr *>(copyObject(const_cast<FuncExpr *>(object)));
    List *args = NIL;
    for (const LayoutNode *member : node.members) {
        if ((member->leaves & part.leaves) == 0)
            continue;
        auto *value = static_cast<Node *>(list_nth(result->args, member->argument));
        if (!member->is_leaf)
            value = reinterpret_cast<Node *>(reduce(layout, castNode(FuncExpr, value), *member, part));
        else if ((member->leaves & part.elements) != 0)
            for (std::size_t i = 0; i < layout.arrays.size(); i++)
                if (member->leaves == Leaves(1) << layout.arrays[i].leaf)
                    value = changed_elements(value, layout.arrays[i],
                                             static_cast<int>(layout.key.size() + i + 1), part);
        args = lappend(lappend(args, list_nth(result->args, member->argument - 1)), value);
    }
    result->args = args;
    return result;
}

} // namespace

Layout *find_layout(const Scope &scope, const Query *query, const Shape &shape) {
    return Builder(scope, query, shape).run();
}

const char *reduced_query(const Layout &layout, const Part &part) {
    auto *const query = static_cast<Query *>(copyObject(layout.query));
    List *targets = NIL;
    List *junk = NIL;
    TargetEntry *document = nullptr;
    int position = 0;
    for (auto *tle : pg::each<TargetEntry>(query->targetList)) {
        if (!tle->resjunk && position++ == layout.column)
            document = tle;
        else if (tle->ressortgroupref != 0)
            junk = lappend(junk, tle);
    }
    for (const char *name : layout.key)
        for (auto *tle : pg::each<TargetEntry>(query->targetList))
            if (!tle->resjunk && strcmp(tle->resname, name) == 0)
                targets = lappend(targets, flatCopyTargetEntry(tle));
    auto *const literal = reinterpret_cast<FuncExpr *>(document->expr);
    document->expr = reinterpret_cast<Expr *>(reduce(layout, literal, *layout.root, part));
    document->resname = pstrdup(patch_column);
    targets = lappend(targets, document);
    for (auto *tle : pg::each<TargetEntry>(targets))
        tle->ressortgroupref = 0;
    for (auto *tle : pg::each<TargetEntry>(junk)) {
        tle->resjunk = true;
        targets = lappend(targets, tle);
    }
    AttrNumber resno = 0;
    for (auto *tle : pg::each<TargetEntry>(targets))
        tle->resno = ++resno;
    query->targetList = targets;
    query->sortClause = NIL;
    return pg_get_querydef(query, false);
}

Expr *own_document(const Layout &layout, Leaves leaves) {
    return reinterpret_cast<Expr *>(reduce(layout, layout.document, *layout.root, Part{leaves}));
}

const char *leaf_paths(const Layout &layout, Leaves leaves) {
    StringInfoData text;
    initStringInfo(&text);
    for (std::size_t i = 0; i < layout.paths.size(); i++)
        if ((leaves >> i & 1) != 0)
            appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "", layout.paths[i]);
    return text.data;
}

} // namespace tviews::definition
