// ddl/hooks.cpp - see hooks.hpp.
//
// EXPLAIN ANALYZE runs CREATE TABLE AS without firing event triggers, which would leave a plain table of the name. And
// CREATE TVIEW is where users of other systems begin; PostgreSQL's parser cannot be extended, but its error can be
// completed on its way out. The error hook must not raise: it compares and copies.
#include "ddl/hooks.hpp"

#include "catalog/catalog.hpp"
#include "ddl/create.hpp"
#include "pg/guard.hpp"
#include "pg/list.hpp"

extern "C" {
#include "commands/defrem.h"
#include "mb/pg_wchar.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
}

namespace tviews::ddl {

namespace {

constinit ProcessUtility_hook_type previous_process_utility = nullptr;
constinit emit_log_hook_type previous_emit_log = nullptr;

bool runs(const ExplainStmt *statement) {
    bool analyze = false;
    for (DefElem *option : pg::each<DefElem>(statement->options))
        if (strcmp(option->defname, "analyze") == 0)
            analyze = defGetBoolean(option);
    return analyze;
}

void refuse_explained_creation(const Node *statement) {
    if (statement == nullptr || !IsA(statement, ExplainStmt))
        return;
    auto const *const explain = reinterpret_cast<const ExplainStmt *>(statement);
    const Node *const query = explain->query;
    if (query == nullptr || !IsA(query, Query) || !runs(explain))
        return;
    const Node *const utility = reinterpret_cast<const Query *>(query)->utilityStmt;
    if (utility == nullptr || !IsA(utility, CreateTableAsStmt))
        return;
    auto const *const create = reinterpret_cast<const CreateTableAsStmt *>(utility);
    const RangeVar *const table = create->into->rel;
    if (!concerns_us(create) || !OidIsValid(catalog::extension_schema()) ||
        OidIsValid(RangeVarGetRelid(table, NoLock, true)))
        return;
    ereport(ERROR, errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
            errmsg("EXPLAIN ANALYZE cannot create TVIEW \"%s\"", table->relname),
            errdetail("It would make an ordinary table."),
            errhint("Use EXPLAIN ANALYZE with the SELECT alone, or create the TVIEW without it."));
}

void process_utility(PlannedStmt *statement, const char *text, bool read_only_tree,
                     ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
                     DestReceiver *receiver, QueryCompletion *completion) {
    pg::boundary([&] { refuse_explained_creation(statement->utilityStmt); });
    if (previous_process_utility != nullptr)
        previous_process_utility(statement, text, read_only_tree, context, params, environment, receiver,
                                 completion);
    else
        standard_ProcessUtility(statement, text, read_only_tree, context, params, environment, receiver,
                                completion);
}

// The place of the `position`-th character (from 1), or the end.
const char *at_character(const char *text, int position) noexcept {
    const char *const end = text + strlen(text);
    for (int i = 1; i < position && text < end; i++)
        text += pg_encoding_mblen(GetDatabaseEncoding(), text);
    return text < end ? text : end;
}

bool begins_with(const char *text, const char *word) noexcept {
    std::size_t const length = strlen(word);
    return pg_strncasecmp(text, word, length) == 0 &&
           (text[length] == '\0' || strchr(" \t\n\r\f;(", text[length]) != nullptr);
}

const char *hint_for(const ErrorData *error) noexcept {
    bool const inner = error->internalquery != nullptr && error->internalpos > 0;
    const char *const text = inner ? error->internalquery : debug_query_string;
    int const position = inner ? error->internalpos : error->cursorpos;
    if (text == nullptr || position <= 0)
        return nullptr;
    const char *const place = at_character(text, position);
    if (!begins_with(place, "tview"))
        return nullptr;
    const char *word = place; // the word before it
    while (word > text && strchr(" \t\n\r\f", word[-1]) != nullptr)
        word--;
    while (word > text && strchr(" \t\n\r\f;", word[-1]) == nullptr)
        word--;
    if (begins_with(word, "create") || begins_with(word, "replace"))
        return "Use CREATE TABLE tv_<entity> AS SELECT ..., pg_tviews_create('<entity>', 'SELECT ...'), or "
               "pg_tviews_ddl('CREATE TVIEW ...').";
    if (begins_with(word, "drop"))
        return "Use DROP TABLE tv_<entity>, pg_tviews_drop('<entity>'), or pg_tviews_ddl('DROP TVIEW ...').";
    if (begins_with(word, "refresh"))
        return "Use pg_tviews_refresh('<entity>'), or pg_tviews_ddl('REFRESH TVIEW ...').";
    if (begins_with(word, "alter"))
        return "Use ALTER TABLE tv_<entity>, or pg_tviews_replace('<entity>', 'SELECT ...').";
    return nullptr;
}

void emit_log(ErrorData *error) noexcept {
    if (error->sqlerrcode == ERRCODE_SYNTAX_ERROR && error->hint == nullptr &&
        error->assoc_context != nullptr)
        if (const char *const hint = hint_for(error))
            error->hint = MemoryContextStrdup(error->assoc_context, hint);
    if (previous_emit_log != nullptr)
        previous_emit_log(error);
}

} // namespace

void install_hooks() {
    previous_process_utility = ProcessUtility_hook;
    ProcessUtility_hook = process_utility;
    previous_emit_log = emit_log_hook;
    emit_log_hook = emit_log;
}

} // namespace tviews::ddl
