// ddl/redefine.cpp - see redefine.hpp.
//
// A definition keeps names, or OIDs, of what it uses, so replacing one of them changes what the TVIEW means without
// touching it. Who uses what is in pg_depend: view and rule, function and operator, aggregate, type, column. What a
// function calls is not, unless its body is BEGIN ATOMIC. The sources are locked as for a creation before the new
// meaning is computed: a writer who still computes with the old one is waited for, and later ones know the new one.
#include "ddl/redefine.hpp"

#include "capture/capture.hpp"
#include "ddl/attachments.hpp"
#include "ddl/cascade.hpp"
#include "ddl/rights.hpp"
#include "ddl/sources.hpp"
#include "ddl/state.hpp"
#include "ddl/statement.hpp"
#include "definition/text.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"
#include "pg/names.hpp"
#include "pg/spi.hpp"
#include "queue/queue.hpp"

extern "C" {
#include "catalog/pg_cast.h"
#include "catalog/pg_rewrite.h"
#include "commands/trigger.h"
#include "parser/parse_type.h"
#include "rewrite/rewriteHandler.h"
#include "utils/inval.h"
}

namespace tviews::ddl {

namespace {

// What the statement means for definitions that use its object.
enum class Effect { none, new_name, new_order, new_meaning };

Effect effect_of_rename(ObjectType object) {
    switch (object) {
    case OBJECT_ATTRIBUTE:
        return Effect::new_meaning; // of rows rendered as JSON
    case OBJECT_AGGREGATE:
    case OBJECT_COLLATION:
    case OBJECT_DOMAIN:
    case OBJECT_FUNCTION:
    case OBJECT_OPERATOR:
    case OBJECT_ROUTINE:
    case OBJECT_SCHEMA:
    case OBJECT_TYPE:
        return Effect::new_name;
    default:
        return Effect::none;
    }
}

template <typename T> const T *as(const Node *node) { return reinterpret_cast<const T *>(node); }

// A primary key that goes, or does not hold for a child that comes, orders rows no more; a column that comes is part of
// whole rows.
bool changes_order(const AlterTableStmt *statement) {
    bool result = false;
    for (auto const *command : pg::each<const AlterTableCmd>(statement->cmds))
        result = result || command->subtype == AT_DropConstraint || command->subtype == AT_AddColumn ||
                 command->subtype == AT_AddInherit;
    return result;
}

Effect effect_of(const Node *statement) {
    bool redefines = false;
    switch (nodeTag(statement)) {
    case T_CreateStmt:
        return as<CreateStmt>(statement)->inhRelations != NIL ? Effect::new_order : Effect::none;
    case T_ViewStmt:
        redefines = as<ViewStmt>(statement)->replace;
        break;
    case T_RuleStmt:
        redefines = as<RuleStmt>(statement)->event == CMD_SELECT;
        break;
    case T_CreateFunctionStmt:
        redefines = as<CreateFunctionStmt>(statement)->replace;
        break;
    case T_DefineStmt:
        redefines = as<DefineStmt>(statement)->kind == OBJECT_AGGREGATE && as<DefineStmt>(statement)->replace;
        break;
    case T_AlterEnumStmt:
        redefines = as<AlterEnumStmt>(statement)->oldVal != nullptr;
        break;
    case T_AlterTableStmt:
        if (as<AlterTableStmt>(statement)->objtype != OBJECT_TYPE)
            return changes_order(as<AlterTableStmt>(statement)) ? Effect::new_order : Effect::none;
        redefines = true;
        break;
    case T_DropStmt:
        redefines = as<DropStmt>(statement)->removeType == OBJECT_CAST;
        break;
    case T_AlterFunctionStmt:
    case T_CreateCastStmt:
    case T_AlterTSConfigurationStmt:
    case T_AlterTSDictionaryStmt:
        redefines = true;
        break;
    case T_RenameStmt:
        return effect_of_rename(as<RenameStmt>(statement)->renameType);
    case T_AlterObjectSchemaStmt:
        return effect_of_rename(as<AlterObjectSchemaStmt>(statement)->objectType);
    default:
        break;
    }
    return redefines ? Effect::new_meaning : Effect::none;
}

// The objects of the statement that ddl_command_end is about, as rows (class, object) in SQL.
const char *changed_objects(const Node *statement) {
    if (!IsA(statement, DropStmt))
        return "SELECT classid, objid FROM pg_catalog.pg_event_trigger_ddl_commands()";
    // A cast is gone already: its source type tells who has used it.
    const char *list = "SELECT 0::pg_catalog.oid, 0::pg_catalog.oid";
    for (List *cast : pg::each<List>(as<DropStmt>(statement)->objects))
        if (Type const type = LookupTypeName(nullptr, linitial_node(TypeName, cast), nullptr, true)) {
            list = psprintf("%s UNION ALL SELECT %u::pg_catalog.oid, %u::pg_catalog.oid", list,
                            TypeRelationId, typeTypeId(type));
            ReleaseSysCache(type);
        }
    return list;
}

// TVIEWs whose definition uses one of these objects, those that others are built on first. List of Oid.
List *users_of(const char *objects) {
    pg::vector<std::pair<int, Oid>> found;
    {
        MemoryContext const context = CurrentMemoryContext;
        pg::SpiSession const spi;
        pg::GucScope const guc;
        pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
        (void) pg::spi_execute(psprintf(
            "WITH RECURSIVE users (class, object) AS (%s UNION "
            "SELECT step.class, step.object FROM users CROSS JOIN LATERAL ("
            "SELECT d.classid, d.objid FROM pg_depend d "
            "WHERE d.refclassid = users.class AND d.refobjid = users.object "
            "UNION ALL SELECT 'pg_class'::regclass, r.ev_class FROM pg_rewrite r "
            "WHERE users.class = 'pg_rewrite'::regclass AND r.oid = users.object "
            "UNION ALL SELECT 'pg_type'::regclass, c.reltype FROM pg_class c "
            "WHERE users.class = 'pg_class'::regclass AND c.oid = users.object AND c.reltype <> 0 "
            "UNION ALL SELECT 'pg_class'::regclass, m.member FROM pg_inherits i "
            "CROSS JOIN LATERAL (VALUES (i.inhparent), (i.inhrelid)) m (member) "
            "WHERE users.class = 'pg_class'::regclass AND users.object IN (i.inhparent, i.inhrelid) "
            "UNION ALL SELECT 'pg_type'::regclass, c.castsource FROM pg_cast c "
            "WHERE users.class = 'pg_cast'::regclass AND c.oid = users.object) step (class, object)) "
            "SELECT object FROM users WHERE class = 'pg_class'::regclass",
            objects)); // not read-only: a new cast must be visible
        pg::ScopedContext const scope(context);
        for (uint64 i = 0; i < SPI_processed; i++) {
            bool is_null;
            Oid const user =
                DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &is_null));
            if (const catalog::Tview *const tview = catalog::find_by_view(user))
                found.push_back({cascade_depth(tview->table), tview->table});
        }
    }
    std::sort(found.begin(), found.end());
    List *tables = NIL;
    for (auto const &[depth, table] : found)
        tables = lappend_oid(tables, table);
    return tables;
}

// What the TVIEW's view would be if it were made now.
Query *canonical_query(Oid view) {
    pg::OpenRelation const relation(view, AccessShareLock);
    return definition::canonical(static_cast<Query *>(copyObjectImpl(get_view_query(relation.get()))));
}

// Gives the view the order of rows that `query` has. Sets row.definition.
void settle_order(catalog::MetaRow &row, const Query *query) {
    pg::GucScope const guc;
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("standard_conforming_strings", "on");
    row.definition = definition::text_of(query);
    run_as_superuser(replacing_statement(row.view, row.definition));
    CommandCounterIncrement();
}

struct Analysis {
    Query *query = nullptr;
    definition::Shape *shape = nullptr; // nullptr: not needed, because the order has not changed
    bool ordered = true;                // as the view has it
};

Analysis analyze(const catalog::MetaRow &row, const definition::Request &request, Effect effect) {
    Analysis result;
    pg::with_edited_error(
        [&] {
            result.query = canonical_query(row.view);
            result.ordered = definition::same_text(row.view, result.query);
            if (result.ordered && effect == Effect::new_order)
                return;
            result.shape = definition::analyze(result.query, request);
            check_cascade(row.table, get_rel_name(row.table), result.shape->relations);
        },
        [&](ErrorData *error) {
            error->message = psprintf("TVIEW \"%s\" does not allow this change: %s", get_rel_name(row.table),
                                      error->message);
            error->hint =
                psprintf("Drop the TVIEW, or give it another definition with pg_tviews_replace('%s', "
                         "'SELECT ...'), first.",
                         pg::qualified_name(row.table));
        });
    return result;
}

void compile_again(Oid table, Effect effect, bool view) {
    const catalog::MetaRow *const old = catalog::meta_row(table);
    definition::Request request;
    request.entity = old->entity;
    request.key_columns = old->explicit_key ? old->key_columns : nullptr;
    request.function_reads = old->function_reads;
    request.stale_sources = read_stored_options(old->options).stale_sources;
    Analysis const analysis = analyze(*old, request, effect);
    definition::Shape *const shape = analysis.shape;
    if (shape == nullptr)
        return;
    const catalog::Tview *const tview = catalog::find_by_table(table);
    if (view && tview != nullptr)
        require_select(*shape, tview->owner);
    pg::vector<Oid> sources(shape->relations);
    pg::each_oid(old->dependencies, [&](Oid relation) { sources.push_back(relation); });
    std::sort(sources.begin(), sources.end());
    lock_sources(sources);

    catalog::MetaRow row = describe(*shape, request, read_stored_options(old->options));
    row.table = table;
    row.view = old->view;
    row.definition = old->definition;
    row.settings = old->settings;
    row.function_reads = old->function_reads;
    if (!analysis.ordered)
        settle_order(row, analysis.query);
    catalog::update_meta_row(row);
    CacheInvalidateRelcacheByRelid(row.view); // what sessions have compiled from it is out of date
    CommandCounterIncrement();
    for (Oid relation : shape->relations)
        capture::install_triggers(relation);
    pg::each_oid(old->dependencies, [&](Oid relation) {
        capture::remove_unused_triggers(relation, list_make1(const_cast<char *>(row.entity)));
    });
    queue::definition_changed(table);
    if (view)
        announce(*shape, table);
}

const RangeVar *replaced_relation(const Node *statement) {
    if (IsA(statement, ViewStmt) && as<ViewStmt>(statement)->replace)
        return as<ViewStmt>(statement)->view;
    if (IsA(statement, RuleStmt) && as<RuleStmt>(statement)->event == CMD_SELECT)
        return as<RuleStmt>(statement)->relation;
    return nullptr;
}

} // namespace

void refuse_replacing_definition(const Node *statement) {
    const RangeVar *const name = replaced_relation(statement);
    Oid const view = name != nullptr ? RangeVarGetRelid(name, NoLock, true) : InvalidOid;
    const catalog::Tview *const tview = OidIsValid(view) ? catalog::find_by_view(view) : nullptr;
    // pg_restore may complete a view it made as a dummy; the triggers come after that.
    if (tview == nullptr || !OidIsValid(get_trigger_oid(tview->table, "tview_guard", true)))
        return;
    ereport(ERROR, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
            errmsg("cannot replace view \"%s\" because it defines TVIEW \"%s\"", name->relname, tview->name),
            errhint("Use pg_tviews_replace('%s', 'SELECT ...').", tview->name));
}

void follow_redefinition(const Node *statement) {
    Effect const effect = effect_of(statement);
    if (effect == Effect::none || catalog::all() == NIL)
        return;
    if (effect == Effect::new_name) { // is in the text of compiled queries
        for (const catalog::Tview *tview : pg::each<const catalog::Tview>(catalog::all()))
            CacheInvalidateRelcacheByRelid(tview->view);
        return;
    }
    OwnStatements const own;
    bool const view = replaced_relation(statement) != nullptr;
    pg::each_oid(users_of(changed_objects(statement)),
                 [&](Oid table) { compile_again(table, effect, view); });
}

} // namespace tviews::ddl
