// definition/analyze.cpp - the entry of the module: from an analysed SELECT to a Shape.
//
// Works on a copy; everything is left in the caller's memory context, which is made for the Shape.
#include "definition/definition.hpp"

#include "definition/checks.hpp"
#include "definition/expressions.hpp"
#include "definition/layout_analysis.hpp"
#include "definition/paths.hpp"
#include "definition/scope.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/handles.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/pg_operator.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

namespace {

struct Column {
    const char *name;
    TargetEntry *tle;
};

TargetEntry *find_column(const Query *query, const char *name) {
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        if (!tle->resjunk && strcmp(tle->resname, name) == 0)
            return tle;
    return nullptr;
}

Oid column_type(const TargetEntry *tle) { return exprType(reinterpret_cast<Node *>(tle->expr)); }

[[noreturn]] void missing(const Request &request, const char *column, const char *detail) {
    ereport(ERROR, errcode(errors::required_column_missing),
            errmsg("TVIEW \"tv_%s\" needs a column \"%s\"", request.entity, column), errdetail("%s", detail),
            errhint("Add the column to the SELECT list, or name the key with the key_columns argument of "
                    "pg_tviews_create()."));
    pg_unreachable();
}

void check_type(const Request &request, const TargetEntry *tle, Oid wanted, const char *type) {
    if (getBaseType(column_type(tle)) != wanted)
        ereport(ERROR, errcode(errors::required_column_missing),
                errmsg("column \"%s\" of TVIEW \"tv_%s\" must be of type %s, not %s", tle->resname,
                       request.entity, type, format_type_be(column_type(tle))),
                errhint("Cast it in the SELECT list, or name the key with the key_columns argument of "
                        "pg_tviews_create()."));
}

// Output columns by role; raises TV103 for what is required and not there.
List *check_columns(const Query *query, const Request &request) {
    List *const keys = key_columns(query, request);
    for (auto *name : pg::each<char>(keys)) {
        TargetEntry *const tle = find_column(query, name);
        if (tle == nullptr)
            missing(request, name, "It is named as a key column, but the SELECT does not return it.");
        Oid const type = getBaseType(column_type(tle));
        if (request.key_columns == NIL && type != INT2OID && type != INT4OID && type != INT8OID)
            ereport(
                ERROR, errcode(errors::required_column_missing),
                errmsg("key column \"%s\" of TVIEW \"tv_%s\" must be smallint, integer or bigint, not %s",
                       name, request.entity, format_type_be(column_type(tle))),
                errhint("Name a key of another type with the key_columns argument of pg_tviews_create()."));
        TypeCacheEntry *const entry =
            lookup_type_cache(type, TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR | TYPECACHE_HASH_PROC);
        if (!OidIsValid(entry->eq_opr) || !OidIsValid(entry->lt_opr) || !OidIsValid(entry->hash_proc))
            ereport(ERROR, errcode(errors::required_column_missing),
                    errmsg("key column \"%s\" has type %s, which cannot be both sorted and hashed", name,
                           format_type_be(column_type(tle))),
                    errhint("Use a key of another type."));
    }
    if (request.key_columns == NIL) {
        TargetEntry *const id = find_column(query, "id");
        TargetEntry *const data = find_column(query, "data");
        if (id == nullptr)
            missing(request, "id", "A TVIEW has a uuid column \"id\" unless its key is named explicitly.");
        if (data == nullptr)
            missing(request, "data",
                    "A TVIEW has a jsonb column \"data\" unless its key is named explicitly.");
        check_type(request, id, UUIDOID, "uuid");
        check_type(request, data, JSONBOID, "jsonb");
    }
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        if (!tle->resjunk && get_typtype(column_type(tle)) == TYPTYPE_PSEUDO)
            ereport(
                ERROR, errcode(errors::invalid_select),
                errmsg("column \"%s\" has pseudo-type %s", tle->resname, format_type_be(column_type(tle))),
                errhint("Cast it to a type that a table can store."));
    return keys;
}

const char *keep(const char *text) { return text == nullptr ? nullptr : pstrdup(text); }

// Expressions that capture may evaluate as the writer: comparisons of columns with constants by built-in operators.
bool safe_filter(Node *expr) {
    bool safe = true;
    auto visit = [&](Node *node) {
        switch (nodeTag(node)) {
        case T_Var:
            safe = safe && castNode(Var, node)->varattno > 0;
            break;
        case T_Const:
        case T_BoolExpr:
        case T_NullTest:
        case T_BooleanTest:
        case T_RelabelType:
        case T_ScalarArrayOpExpr:
        case T_OpExpr:
        case T_DistinctExpr:
        case T_List:
            break;
        default:
            safe = false;
        }
        Oid operation = InvalidOid;
        if (IsA(node, OpExpr) || IsA(node, DistinctExpr))
            operation = reinterpret_cast<OpExpr *>(node)->opno;
        if (IsA(node, ScalarArrayOpExpr))
            operation = castNode(ScalarArrayOpExpr, node)->opno;
        if (OidIsValid(operation)) {
            // Only true comparisons: arithmetic and casts can fail on rows that the definition never looks at.
            safe = safe && operation < FirstNormalObjectId && op_volatile(operation) == 'i' &&
                   (OidIsValid(get_negator(operation)) || OidIsValid(get_commutator(operation))) &&
                   get_op_rettype(operation) == BOOLOID && pg::orders_values(operation);
        }
        return !safe;
    };
    pg::walk(expr, visit, false);
    return safe;
}

// A reference to the whole row uses every column.
Bitmapset *whole_row(Oid relation, Bitmapset *columns) {
    if (!bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, columns))
        return columns;
    pg::OpenRelation const table(relation, AccessShareLock);
    TupleDesc const descriptor = RelationGetDescr(table.get());
    for (int i = 0; i < descriptor->natts; i++)
        if (!TupleDescAttr(descriptor, i)->attisdropped)
            columns = bms_add_member(columns, i + 1 - FirstLowInvalidHeapAttributeNumber);
    return bms_del_member(columns, 0 - FirstLowInvalidHeapAttributeNumber);
}

class Export {
  public:
    Export(Scope &scope, Paths &paths, const Query *query, List *keys, const Request &request)
        : scope_(scope), paths_(paths), query_(query), keys_(keys), request_(request) {}

    Shape *run(const pg::vector<int> &unit);

  private:
    Edge *edge(Hop *hop);
    void source(const Role &role);
    void away(Source &source, const Rel &rel);
    bool covers(const Level &level, const Rel &rel) const;

    Scope &scope_;
    Paths &paths_;
    const Query *query_;
    List *keys_;
    const Request &request_;
    Shape *shape_ = nullptr;
    pg::vector<Hop *> hops_;
};

bool Export::covers(const Level &level, const Rel &rel) const {
    for (int id : level.rels) {
        if (id == rel.id)
            return true;
        const Rel &other = scope_.rel(id);
        if (other.kind == RelKind::sub && covers(*other.sub, rel))
            return true;
    }
    for (Level *leaf : level.leaves)
        if (covers(*leaf, rel))
            return true;
    for (const Sublink &sublink : level.sublinks)
        if (covers(*sublink.level, rel))
            return true;
    return false;
}

Edge *Export::edge(Hop *hop) {
    if (hop == nullptr)
        return nullptr;
    if (hop->edge != nullptr)
        return hop->edge;
    Edge *const next = edge(hop->near->next);
    if (hop->near->next != nullptr && next == nullptr)
        return nullptr;
    auto *made = pg::make_in<Edge>(CurrentMemoryContext);
    if (!write_hop(scope_, *hop, *made))
        return nullptr;
    made->next = next;
    made->rank = next == nullptr ? 1 : next->rank + 1;
    // The link value is the unit itself when the near rows' unit columns are what it is compared with.
    if (next == nullptr && made->by_value) {
        pg::vector<LinkColumn> link;
        pg::vector<Equality> equalities;
        pg::vector<Oid> types;
        pg::vector<Oid> array_types;
        bool direct = true;
        for (Node *expr : pg::each<Node>(hop->near->unit)) {
            Var *const column = IsA(expr, Var) ? castNode(Var, expr) : nullptr;
            bool found = false;
            for (const Equality &equality : made->equalities) {
                const LinkColumn &far = made->link[static_cast<std::size_t>(equality.link)];
                if (column == nullptr || found || equality.near_attno != column->varattno ||
                    getBaseType(far.type) != getBaseType(column->vartype) ||
                    lookup_type_cache(getBaseType(far.type), TYPECACHE_EQ_OPR)->eq_opr != equality.equality)
                    continue;
                found = true;
                auto const position = static_cast<int>(link.size());
                link.push_back(far);
                types.push_back(made->types[static_cast<std::size_t>(equality.link)]);
                array_types.push_back(made->array_types[static_cast<std::size_t>(equality.link)]);
                equalities.push_back(
                    Equality{position, equality.near_attno, equality.equality, equality.collation});
            }
            direct = direct && found;
        }
        if (direct) {
            made->direct_key = true;
            made->link = link;
            made->equalities = equalities;
            made->types = types;
            made->array_types = array_types;
        }
    }
    hop->edge = made;
    hops_.push_back(hop);
    return made;
}

void Export::source(const Role &role) {
    const Rel &rel = scope_.rel(role.rel);
    auto *made = pg::make_in<Source>(CurrentMemoryContext);
    made->relation = rel.rte->relid;
    made->occurrence = rel.id;
    made->alias = keep(rel.alias);
    made->whole_row = bms_is_member(0 - FirstLowInvalidHeapAttributeNumber, rel.used);
    made->used = whole_row(rel.rte->relid, bms_union(rel.used, rel.path));
    made->path = whole_row(rel.rte->relid, bms_copy(rel.path));
    List *filters = NIL;
    for (Node *filter : pg::each<Node>(list_concat_copy(rel.filters, role.filters)))
        if (safe_filter(filter)) {
            auto *copy = static_cast<Node *>(copyObject(filter));
            for_each_var(copy, [](Var *var) { var->varno = 1; });
            filters = lappend(filters, copy);
        }
    made->filters = filters;
    made->route = Route::all_keys;
    made->reason = role.reason;
    if (role.key != nullptr) {
        bool plain = true;
        for (Node *expr : pg::each<Node>(role.key->unit)) {
            if (!IsA(expr, Var) || castNode(Var, expr)->varattno <= 0) {
                plain = false;
            } else {
                made->key.push_back(castNode(Var, expr)->varattno);
                made->path = bms_add_member(made->path, castNode(Var, expr)->varattno -
                                                            FirstLowInvalidHeapAttributeNumber);
            }
        }
        if (plain) {
            made->route = Route::key;
        } else {
            made->key.clear();
            auto *hop = pg::make_in<Hop>(CurrentMemoryContext, Hop{role.rel, role.key, NIL, nullptr});
            made->toward = edge(hop);
            made->route = made->toward != nullptr ? Route::edge : Route::all_keys;
            made->reason = made->toward != nullptr ? nullptr : "its key is computed from a whole row";
        }
    } else if (role.toward != nullptr) {
        made->toward = edge(role.toward);
        made->route = made->toward != nullptr ? Route::edge : Route::all_keys;
        if (made->toward == nullptr)
            made->reason = "the condition that links it to the key cannot be turned into a query";
    }
    if (made->route == Route::edge)
        for (const LinkColumn &column : made->toward->link)
            made->path = bms_add_member(made->path, column.attno - FirstLowInvalidHeapAttributeNumber);
    shape_->sources.push_back(made);
}

// The edges that end at a source's rows, for R locks.
void Export::away(Source &source, const Rel &rel) {
    for (Hop *hop : hops_) {
        bool near = hop->near->rel == rel.id || scope_.rel(hop->near->rel).alias_of == rel.id;
        if (!near) {
            const Rel &other = scope_.rel(hop->near->rel);
            Level *const level = other.kind == RelKind::derived ? other.covers : other.sub;
            if (other.kind != RelKind::base && level != nullptr && covers(*level, rel))
                near = true;
            for (Node *clause : pg::each<Node>(hop->clauses))
                if (hop->far != rel.id && bms_is_member(rel.id, rels_of(clause)))
                    near = true;
        }
        if (near && hop->edge != source.toward)
            source.away.push_back(hop->edge);
    }
}

Shape *Export::run(const pg::vector<int> &unit) {
    shape_ = pg::make_in<Shape>(CurrentMemoryContext);
    for (auto *tle : pg::each<TargetEntry>(query_->targetList))
        if (!tle->resjunk)
            shape_->columns.push_back(OutputColumn{keep(tle->resname), column_type(tle),
                                                   exprTypmod(reinterpret_cast<Node *>(tle->expr)),
                                                   exprCollation(reinterpret_cast<Node *>(tle->expr))});
    for (auto *name : pg::each<char>(keys_))
        for (std::size_t i = 0; i < shape_->columns.size(); i++)
            if (strcmp(shape_->columns[i].name, name) == 0)
                shape_->key.push_back(static_cast<int>(i));
    shape_->unit = unit;
    for (const Role &role : paths_.roles)
        source(role);
    pg::each_oid(request_.function_reads, [&](Oid relation) {
        auto *made = pg::make_in<Source>(CurrentMemoryContext);
        made->relation = relation;
        made->alias = keep(get_rel_name(relation));
        made->used = bms_make_singleton(0 - FirstLowInvalidHeapAttributeNumber);
        made->reason = "a function in the definition reads it";
        shape_->sources.push_back(made);
    });
    std::stable_sort(hops_.begin(), hops_.end(),
                     [](const Hop *a, const Hop *b) { return a->edge->rank > b->edge->rank; });
    for (Hop *hop : hops_) {
        hop->edge->id = static_cast<int>(shape_->edges.size());
        shape_->edges.push_back(hop->edge);
    }
    for (Source *made : shape_->sources) {
        if (made->occurrence > 0)
            away(*made, scope_.rel(made->occurrence));
        if (std::find(shape_->relations.begin(), shape_->relations.end(), made->relation) ==
            shape_->relations.end())
            shape_->relations.push_back(made->relation);
    }
    std::sort(shape_->relations.begin(), shape_->relations.end());
    shape_->layout = find_layout(scope_, query_, *shape_);
    shape_->key_table = find_key_table(scope_, query_, *shape_);
    shape_->assembly = find_assembly(scope_, query_, *shape_);
    return shape_;
}

// Is the condition never true where the column is NULL?
bool rejects_null(Node *clause, const Var *column) {
    auto is_column = [&](void *node) {
        auto *expr = static_cast<Node *>(node);
        while (IsA(expr, RelabelType))
            expr = reinterpret_cast<Node *>(castNode(RelabelType, expr)->arg);
        return IsA(expr, Var) && castNode(Var, expr)->varno == column->varno &&
               castNode(Var, expr)->varattno == column->varattno && castNode(Var, expr)->varlevelsup == 0;
    };
    if (IsA(clause, NullTest))
        return castNode(NullTest, clause)->nulltesttype == IS_NOT_NULL &&
               is_column(castNode(NullTest, clause)->arg);
    if (IsA(clause, ScalarArrayOpExpr))
        return op_strict(castNode(ScalarArrayOpExpr, clause)->opno) &&
               castNode(ScalarArrayOpExpr, clause)->useOr &&
               is_column(linitial(castNode(ScalarArrayOpExpr, clause)->args));
    bool found = false;
    if (IsA(clause, OpExpr) && op_strict(castNode(OpExpr, clause)->opno))
        for (Node *argument : pg::each<Node>(castNode(OpExpr, clause)->args))
            found = found || is_column(argument);
    return found;
}

// May the output column be NULL in some row? Decided on a scope in which no NULL is ruled out.
bool may_be_null(const Scope &scope, const Level &level, int column) {
    if (level.set_operation) {
        for (const Level *leaf : level.leaves)
            if (may_be_null(scope, *leaf, column))
                return true;
        return false;
    }
    if (level.query != nullptr && level.query->groupingSets != NIL)
        return true;
    Var *const var = plain_column(static_cast<Node *>(list_nth(level.outputs, column)));
    if (var == nullptr)
        return false; // computed: nothing is known, and a notice would be noise
    const Rel &rel = scope.rel(static_cast<int>(var->varno));
    if (rel.nullable)
        return true;
    for (const Conjunct &conjunct :
         level.conjuncts) // those of an outer join are confined to its nullable side
        if (bms_is_member(static_cast<int>(var->varno), conjunct.far) && rejects_null(conjunct.clause, var))
            return false;
    if (rel.kind == RelKind::sub)
        return may_be_null(scope, *rel.sub, var->varattno - 1);
    return rel.kind == RelKind::base && !pg::column_not_null(rel.rte->relid, var->varattno);
}

} // namespace

List *key_columns(const Query *query, const Request &request) {
    if (request.key_columns != NIL)
        return request.key_columns;
    const char *const preferred = psprintf("pk_%s", request.entity);
    if (find_column(query, preferred) != nullptr)
        return list_make1(const_cast<char *>(preferred));
    List *found = NIL;
    for (auto *tle : pg::each<TargetEntry>(query->targetList))
        if (!tle->resjunk && strncmp(tle->resname, "pk_", 3) == 0)
            found = lappend(found, tle->resname);
    if (list_length(found) != 1)
        missing(request, preferred,
                found == NIL ? "No output column has a name that starts with \"pk_\"."
                             : "Several output columns have names that start with \"pk_\".");
    return found;
}

Shape *analyze(const Query *original, const Request &request) {
    pg::GucScope guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    set_function_reads(request.function_reads);
    set_stale_sources(request.stale_sources);
    auto *query = static_cast<Query *>(copyObject(const_cast<Query *>(original)));
    bool has_ctes = false;
    auto find_ctes = [&](Node *node) {
        has_ctes = has_ctes || IsA(node, CommonTableExpr);
        return has_ctes;
    };
    pg::walk(reinterpret_cast<Node *>(query), find_ctes);
    inline_ctes(query);
    List *const keys = check_columns(query, request);

    // Maintenance addresses rows by the whole key if one relation holds it, else by the column of it that serves best.
    List *key_resnos = NIL;
    for (auto *name : pg::each<char>(keys))
        key_resnos = lappend_int(key_resnos, find_column(query, name)->resno);
    Shape *best = nullptr;
    int best_misses = 0;
    int const choices = list_length(keys) > 1 ? list_length(keys) + 1 : 1;
    for (int choice = 0; choice < choices; choice++) {
        Scope *const scope = build_scope(static_cast<Query *>(copyObject(query)), key_resnos);
        List *unit = NIL;
        pg::vector<int> columns;
        for (int i = 0; i < list_length(keys); i++) {
            if (choice > 0 && i != choice - 1)
                continue;
            TargetEntry *const tle = find_column(query, static_cast<char *>(list_nth(keys, i)));
            unit = lappend(unit, makeVar(0, tle->resno, column_type(tle),
                                         exprTypmod(reinterpret_cast<Node *>(tle->expr)),
                                         exprCollation(reinterpret_cast<Node *>(tle->expr)), 0));
            columns.push_back(tle->resno - 1);
        }
        Paths *const paths = find_paths(*scope, unit);
        Shape *const shape = Export(*scope, *paths, query, keys, request).run(columns);
        int misses = 0;
        for (const Source *source : shape->sources)
            misses += source->route == Route::all_keys ? 1 : 0;
        if (best == nullptr || misses < best_misses) {
            best = shape;
            best_misses = misses;
        }
        if (best_misses == 0)
            break;
    }
    Scope *const unforced = build_scope(static_cast<Query *>(copyObject(query)), NIL);
    best->key_nullable = false;
    for (int column : best->key)
        best->key_nullable = best->key_nullable || may_be_null(*unforced, *unforced->top, column);
    if (has_ctes)
        best->inlined_sql = pg_get_querydef(static_cast<Query *>(copyObject(query)), false);
    set_function_reads(NIL);
    set_stale_sources(false);
    return best;
}

} // namespace tviews::definition
