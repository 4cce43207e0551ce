// definition/hops.cpp - writes the walk query of a hop.
//
// The far row's link columns become parameters ($1, ...) or the columns of an unnest() of arrays; the near relation,
// and whatever else the conjuncts mention, stay relations. The query is built as a tree and deparsed by PostgreSQL,
// with search_path pinned by the caller of analyze().
#include "definition/expressions.hpp"
#include "definition/paths.hpp"
#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/list.hpp"

extern "C" {
#include "access/stratnum.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/regproc.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"
}

namespace tviews::definition {

namespace {

struct Helpers {
    Bitmapset *rels = nullptr;
    bool complete = true;
};

// The rels of a hop's clauses besides its two sides, with what functions among them depend on.
Helpers helpers_of(const Scope &scope, const Hop &hop) {
    Helpers helpers;
    Bitmapset *todo = nullptr;
    for (Node *clause : pg::each<Node>(hop.clauses))
        todo = bms_add_members(todo, rels_of(clause));
    int id = -1;
    while ((id = bms_next_member(todo, id)) >= 0) {
        if (id == hop.far || id == hop.near->rel || bms_is_member(id, helpers.rels))
            continue;
        const Rel &rel = scope.rel(id);
        helpers.rels = bms_add_member(helpers.rels, id);
        if (rel.kind == RelKind::func) {
            if (rel.rte->rtekind != RTE_FUNCTION && rel.rte->rtekind != RTE_VALUES &&
                rel.rte->rtekind != RTE_TABLEFUNC)
                helpers.complete = false;
            if (has_marker(reinterpret_cast<Node *>(
                    list_make3(rel.rte->functions, rel.rte->values_lists, rel.rte->tablefunc))))
                helpers.complete = false;
            todo = bms_add_members(todo, rel.depends);
            id = -1;
        } else if (rel.kind != RelKind::base) {
            helpers.complete = false;
        }
    }
    return helpers;
}

// Expressions of a hop that may mention the far row: its clauses and the arguments of functions among its helpers.
List *far_expressions(const Scope &scope, const Hop &hop, const Helpers &helpers) {
    List *exprs = list_copy(hop.clauses);
    int id = -1;
    while ((id = bms_next_member(helpers.rels, id)) >= 0) {
        const Rel &rel = scope.rel(id);
        if (rel.kind == RelKind::func)
            exprs = lappend(exprs, list_make3(rel.rte->functions, rel.rte->values_lists, rel.rte->tablefunc));
    }
    if (hop.near->rel == hop.far)
        exprs = list_concat(exprs, list_copy(hop.near->unit));
    return exprs;
}

struct Mapping {
    const Scope *scope;
    const Hop *hop;
    const int *local; // by rel id
    List *link;       // of Var
    int link_index;   // range-table index of the link in set form; 0: parameters
};

Node *map_step(Node *node, void *raw) {
    auto *mapping = static_cast<Mapping *>(raw);
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Var)) {
        auto *var = castNode(Var, node);
        if (static_cast<int>(var->varno) == mapping->hop->far) {
            int position = 0;
            for (auto *column : pg::each<Var>(mapping->link)) {
                position++;
                if (column->varattno != var->varattno)
                    continue;
                Oid const type = getBaseType(var->vartype);
                Node *value = nullptr;
                if (mapping->link_index > 0) {
                    value = reinterpret_cast<Node *>(makeVar(
                        mapping->link_index, static_cast<AttrNumber>(position), type, -1, var->varcollid, 0));
                } else {
                    auto *param = makeNode(Param);
                    param->paramkind = PARAM_EXTERN;
                    param->paramid = position;
                    param->paramtype = type;
                    param->paramtypmod = -1;
                    param->paramcollid = var->varcollid;
                    param->location = -1;
                    value = reinterpret_cast<Node *>(param);
                }
                if (OidIsValid(var->varcollid) && var->varcollid != get_typcollation(type)) {
                    auto *collate = makeNode(CollateExpr);
                    collate->arg = reinterpret_cast<Expr *>(value);
                    collate->collOid = var->varcollid;
                    collate->location = -1;
                    value = reinterpret_cast<Node *>(collate);
                }
                return value;
            }
        }
        auto *copy = static_cast<Var *>(copyObject(var));
        copy->varno = mapping->local[var->varno];
        copy->varnosyn = copy->varno;
        copy->varattnosyn = copy->varattno;
        return reinterpret_cast<Node *>(copy);
    }
    return expression_tree_mutator(node, TVIEWS_MUTATOR(map_step), raw);
}

RangeTblEntry *near_entry(const Rel &rel, const char *name) {
    RangeTblEntry *entry = nullptr;
    if (rel.rte != nullptr) {
        entry = static_cast<RangeTblEntry *>(copyObject(rel.rte));
    } else {
        entry = makeNode(RangeTblEntry);
        entry->rtekind = RTE_SUBQUERY;
        entry->subquery = static_cast<Query *>(copyObject(rel.query));
        List *names = NIL;
        for (auto *tle : pg::each<TargetEntry>(rel.query->targetList))
            if (!tle->resjunk)
                names = lappend(names, makeString(pstrdup(tle->resname ? tle->resname : "?column?")));
        entry->eref = makeAlias(name, names);
    }
    entry->alias = makeAlias(name, NIL);
    entry->eref->aliasname = pstrdup(name);
    entry->inFromCl = true;
    pg::no_permissions(entry);
    return entry;
}

// The link as rows: unnest($1) or ROWS FROM (unnest($1), unnest($2), ...).
RangeTblEntry *link_entry(List *link) {
    auto *entry = makeNode(RangeTblEntry);
    entry->rtekind = RTE_FUNCTION;
    List *names = NIL;
    int position = 0;
    for (auto *column : pg::each<Var>(link)) {
        position++;
        Oid const type = getBaseType(column->vartype);
        auto *param = makeNode(Param);
        param->paramkind = PARAM_EXTERN;
        param->paramid = position;
        param->paramtype = get_array_type(type);
        param->paramtypmod = -1;
        param->paramcollid = get_typcollation(type);
        param->location = -1;
        FuncExpr *const call =
            makeFuncExpr(F_UNNEST_ANYARRAY, type, list_make1(param), get_typcollation(type),
                         get_typcollation(type), COERCE_EXPLICIT_CALL);
        call->funcretset = true;
        auto *function = makeNode(RangeTblFunction);
        function->funcexpr = reinterpret_cast<Node *>(call);
        function->funccolcount = 1;
        entry->functions = lappend(entry->functions, function);
        names = lappend(names, makeString(psprintf("c%d", position)));
    }
    entry->alias = makeAlias("l", names);
    entry->eref = makeAlias("l", static_cast<List *>(copyObject(names)));
    entry->inFromCl = true;
    return entry;
}

const char *write_query(const Scope &scope, const Hop &hop, const Helpers &helpers, List *link, bool set) {
    auto *query = makeNode(Query);
    query->commandType = CMD_SELECT;
    query->querySource = QSRC_ORIGINAL;
    query->canSetTag = true;
    query->jointree = makeFromExpr(NIL, nullptr);
    auto *local = static_cast<int *>(palloc0(sizeof(int) * scope.rels.size()));
    auto add = [&](RangeTblEntry *entry) {
        query->rtable = lappend(query->rtable, entry);
        auto *reference = makeNode(RangeTblRef);
        reference->rtindex = list_length(query->rtable);
        query->jointree->fromlist = lappend(query->jointree->fromlist, reference);
        return reference->rtindex;
    };
    int const link_index = set ? add(link_entry(link)) : 0;
    bool const computed = hop.near->rel == hop.far; // a key computed from the row itself
    if (!computed)
        local[hop.near->rel] = add(near_entry(scope.rel(hop.near->rel), "n"));
    Mapping mapping{&scope, &hop, local, link, link_index};
    int id = -1;
    while ((id = bms_next_member(helpers.rels, id)) >= 0)
        if (scope.rel(id).kind == RelKind::base)
            local[id] = add(near_entry(scope.rel(id), psprintf("h%d", id)));
    // Functions last, in order of appearance: a function may use the rows of an earlier one.
    id = -1;
    while ((id = bms_next_member(helpers.rels, id)) >= 0)
        if (scope.rel(id).kind == RelKind::func) {
            RangeTblEntry *const entry = near_entry(scope.rel(id), psprintf("f%d", id));
            if (scope.rel(id).rte->alias != nullptr)
                entry->alias->colnames = scope.rel(id).rte->alias->colnames;
            entry->functions = castNode(List, map_step(reinterpret_cast<Node *>(entry->functions), &mapping));
            entry->values_lists =
                castNode(List, map_step(reinterpret_cast<Node *>(entry->values_lists), &mapping));
            entry->tablefunc =
                reinterpret_cast<TableFunc *>(map_step(reinterpret_cast<Node *>(entry->tablefunc), &mapping));
            entry->lateral = true;
            local[id] = add(entry);
        }
    List *quals = NIL;
    for (Node *clause : pg::each<Node>(hop.clauses))
        quals = lappend(quals, map_step(clause, &mapping));
    if (!computed)
        for (Node *filter : pg::each<Node>(scope.rel(hop.near->rel).filters))
            quals = lappend(quals, map_step(filter, &mapping));
    for (Node *filter : pg::each<Node>(computed ? NIL : hop.near->filters))
        quals = lappend(quals, map_step(filter, &mapping));
    query->jointree->quals = reinterpret_cast<Node *>(make_ands_explicit(quals));
    if (quals == NIL)
        query->jointree->quals = nullptr;
    List *outputs = hop.near->unit;
    if (hop.near->next != nullptr && !link_columns(scope, *hop.near->next, &outputs))
        return nullptr;
    AttrNumber position = 0;
    for (Node *output : pg::each<Node>(outputs)) {
        position++;
        query->targetList =
            lappend(query->targetList, makeTargetEntry(reinterpret_cast<Expr *>(map_step(output, &mapping)),
                                                       position, psprintf("o%d", position), false));
    }
    return pg_get_querydef(query, false);
}

} // namespace

bool hash_equality(Node *clause, int far, int near, Var **far_column, Var **near_column, Oid *equality,
                   Oid *collation) {
    if (!IsA(clause, OpExpr))
        return false;
    auto *op = castNode(OpExpr, clause);
    if (list_length(op->args) != 2)
        return false;
    auto *left_arg = static_cast<Node *>(linitial(op->args));
    Var *left = plain_column(left_arg);
    Var *right = plain_column(static_cast<Node *>(lsecond(op->args)));
    if (left == nullptr || right == nullptr)
        return false;
    Oid number = op->opno;
    if (static_cast<int>(left->varno) == near && static_cast<int>(right->varno) == far) {
        std::swap(left, right);
        number = get_commutator(number);
    }
    if (static_cast<int>(left->varno) != far || static_cast<int>(right->varno) != near || !OidIsValid(number))
        return false;
    if (!op_hashjoinable(number, exprType(left_arg)))
        return false;
    if (RegProcedure ignored; !get_op_hash_functions(number, &ignored, &ignored))
        ereport(
            ERROR, errcode(errors::invalid_select),
            errmsg("operator %s is marked HASHES but has no hash function", format_operator(number)),
            errdetail("A hash join with it would fail, and the writes of base tables with that."),
            errhint(
                "Make it a member of a hash operator class, or write the condition with another operator."));
    *far_column = left;
    *near_column = right;
    *equality = number;
    *collation = op->inputcollid;
    return true;
}

bool link_columns(const Scope &scope, const Hop &hop, List **columns) {
    Helpers const helpers = helpers_of(scope, hop);
    if (!helpers.complete)
        return false;
    List *found = NIL;
    bool fine = true;
    for (Node *expr : pg::each<Node>(far_expressions(scope, hop, helpers)))
        for_each_var(expr, [&](Var *var) {
            if (static_cast<int>(var->varno) != hop.far)
                return;
            if (var->varattno <= 0) {
                fine = false;
                return;
            }
            for (auto *known : pg::each<Var>(found))
                if (known->varattno == var->varattno)
                    return;
            found = lappend(found, var);
        });
    *columns = found;
    return fine;
}

bool write_hop(Scope &scope, Hop &hop, Edge &edge) {
    List *link = NIL;
    if (!link_columns(scope, hop, &link) || link == NIL)
        return false;
    Helpers const helpers = helpers_of(scope, hop);
    const Rel &near = scope.rel(hop.near->rel);
    edge.far_occurrence = hop.far;
    edge.far_name = scope.rel(hop.far).alias;
    edge.near_name = near.alias;
    edge.near_relation = near.kind == RelKind::base ? near.rte->relid : InvalidOid;
    edge.lockless = hop.near->rel == hop.far;
    for (auto *column : pg::each<Var>(link)) {
        edge.link.push_back(
            LinkColumn{column->varattno, column->vartype, column->vartypmod, column->varcollid});
        Oid const type = getBaseType(column->vartype);
        edge.types.push_back(type);
        Oid const array = get_array_type(type);
        edge.array_types.push_back(array);
        if (!OidIsValid(array) || OidIsValid(get_element_type(type)))
            edge.point_only = true;
    }
    bool plain = near.kind == RelKind::base && bms_is_empty(helpers.rels) && !edge.lockless;
    for (Node *clause : pg::each<Node>(plain ? hop.clauses : NIL)) {
        Var *far_column = nullptr;
        Var *near_column = nullptr;
        Oid equality = InvalidOid;
        Oid collation = InvalidOid;
        if (!hash_equality(clause, hop.far, hop.near->rel, &far_column, &near_column, &equality, &collation))
            continue;
        int position = 0;
        for (const LinkColumn &column : edge.link) {
            if (column.attno == far_column->varattno)
                edge.equalities.push_back(Equality{position, near_column->varattno, equality, collation});
            position++;
        }
    }
    edge.by_value = plain && !edge.equalities.empty();
    edge.point_sql = write_query(scope, hop, helpers, link, false);
    if (!edge.point_only)
        edge.set_sql = write_query(scope, hop, helpers, link, true);
    return edge.point_sql != nullptr;
}

} // namespace tviews::definition
