// ddl/parse.cpp - see parse.hpp.
//
// The text is the user's, inside a string argument of his statement: an error position must be reported as one in
// that inner text, which is what PostgreSQL calls an internal query.
#include "ddl/parse.hpp"

#include "errors/errors.hpp"
#include "pg/compat.hpp"
#include "pg/names.hpp"

extern "C" {
#include "parser/parser.h"
}

namespace tviews::ddl {

namespace {

void point_into_text(void *sql) noexcept {
    int const position = geterrposition();
    if (position > 0) {
        errposition(0);
        internalerrposition(position);
        internalerrquery(static_cast<const char *>(sql));
    }
}

// Pushes point_into_text() for a scope. An error pops it too: the handler restores error_context_stack.
class TextErrors {
  public:
    explicit TextErrors(const char *sql) {
        callback_.previous = error_context_stack;
        callback_.callback = point_into_text;
        callback_.arg = const_cast<char *>(sql);
        error_context_stack = &callback_;
    }
    ~TextErrors() { error_context_stack = callback_.previous; }
    TextErrors(const TextErrors &) = delete;
    TextErrors &operator=(const TextErrors &) = delete;

  private:
    ErrorContextCallback callback_;
};

[[noreturn]] void not_a_select(const char *what) {
    ereport(ERROR, errcode(errors::invalid_select),
            errmsg("the definition of a TVIEW must be one SELECT statement"), errdetail("%s", what),
            errhint("Pass the text of a single SELECT, VALUES, TABLE or WITH ... SELECT."));
    pg_unreachable();
}

} // namespace

RawStmt *parse_select(const char *text) {
    TextErrors const position(text);
    List *const statements = raw_parser(text, RAW_PARSE_DEFAULT);
    if (list_length(statements) != 1)
        not_a_select(statements == NIL ? "The text contains no statement."
                                       : "The text contains several statements.");
    auto *const raw = linitial_node(RawStmt, statements);
    if (!IsA(raw->stmt, SelectStmt))
        not_a_select("The text is another kind of statement.");
    for (auto *select = reinterpret_cast<SelectStmt *>(raw->stmt); select != nullptr; select = select->larg)
        if (select->intoClause != nullptr)
            not_a_select("SELECT INTO names its own target.");
    return raw;
}

Query *analyze_statement(RawStmt *statement, const char *text) {
    TextErrors const position(text);
    return parse_analyze_fixedparams(statement, text, nullptr, 0, nullptr);
}

RangeVar *target_table(const char *name) {
    List *const parts = pg::name_parts(name);
    if (list_length(parts) > 2)
        ereport(ERROR, errcode(errors::invalid_tview_name), errmsg("invalid TVIEW name: \"%s\"", name),
                errhint("A TVIEW is named by its entity or table, with or without a schema: post, tv_post, "
                        "app.tv_post."));
    const char *table = strVal(llast(parts));
    if (strncmp(table, "tv_", 3) != 0) {
        table = psprintf("tv_%s", table);
        if (strlen(table) >= NAMEDATALEN)
            ereport(ERROR, errcode(errors::invalid_tview_name),
                    errmsg("TVIEW name \"%s\" is too long", table),
                    errhint("Use a name of at most %d bytes.", NAMEDATALEN - 1));
    }
    (void) entity_of(table);
    char *const schema = list_length(parts) == 2 ? strVal(linitial(parts)) : nullptr;
    return makeRangeVar(schema, pstrdup(table), -1);
}

const char *entity_of(const char *table_name) {
    if (strncmp(table_name, "tv_", 3) != 0 || table_name[3] == '\0')
        ereport(ERROR, errcode(errors::invalid_tview_name), errmsg("invalid TVIEW name: \"%s\"", table_name),
                errdetail("The part after \"tv_\" names the entity."),
                errhint("Name the table tv_<entity>, for example tv_post."));
    return table_name + 3;
}

} // namespace tviews::ddl
