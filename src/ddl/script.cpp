// ddl/script.cpp - recognises the statements of a pg_tviews_ddl() script.
//
// Tokens come from PostgreSQL's own scanner, so quotes, dollar quotes, escapes and comments mean what they mean in SQL.
// Only the few words around the SELECT are looked at; the SELECT is passed on as text.
#include "ddl/script.hpp"

#include "pg/memory.hpp"

extern "C" {
#include "common/keywords.h"
#include "mb/pg_wchar.h"
#include "parser/scanner.h"
}

namespace tviews::ddl {

namespace {

// Token codes of the scanner: those documented in scanner.h, and one of ours for every keyword.
constexpr int identifier_token = 258;
constexpr uint16 keyword_token = 30000;

struct Token {
    int code;
    int begin;
    const char *word; // keyword or unquoted identifier, lower case; nullptr otherwise
};

using Tokens = pg::vector<Token>;

Tokens scan(const char *script) {
    auto *const codes = static_cast<uint16 *>(palloc(sizeof(uint16) * ScanKeywords.num_keywords));
    std::fill(codes, codes + ScanKeywords.num_keywords, keyword_token);
    core_yy_extra_type extra;
    core_yyscan_t const scanner = scanner_init(script, &extra, &ScanKeywords, codes);
    Tokens tokens;
    core_YYSTYPE value;
    YYLTYPE location;
    for (int code; (code = core_yylex(&value, &location, scanner)) != 0;) {
        const char *word = nullptr;
        if (code == keyword_token)
            word = value.keyword;
        else if (code == identifier_token && script[location] != '"')
            word = value.str;
        tokens.push_back({code, location, word});
    }
    scanner_finish(scanner);
    return tokens;
}

// One statement's tokens, consumed from the left.
class Reader {
  public:
    Reader(const char *script, const Tokens &tokens, std::size_t first, std::size_t last, int end)
        : script_(script), tokens_(tokens), next_(first), last_(last), end_(end) {}

    bool done() const { return next_ == last_; }
    bool accept(const char *word) {
        if (done() || tokens_[next_].word == nullptr || strcmp(tokens_[next_].word, word) != 0)
            return false;
        next_++;
        return true;
    }
    void expect(const char *word) {
        if (!accept(word))
            fail();
    }
    // name [. name], as written.
    const char *name() {
        if (done() || (tokens_[next_].code != identifier_token && tokens_[next_].code != keyword_token))
            fail();
        int const begin = tokens_[next_++].begin;
        while (!done() && tokens_[next_].code == '.') {
            next_++;
            if (done())
                fail();
            next_++;
        }
        return trimmed(begin, done() ? end_ : tokens_[next_].begin);
    }
    // Everything up to the end of the statement.
    const char *rest() {
        if (done())
            fail();
        int const begin = tokens_[next_].begin;
        next_ = last_;
        return pnstrdup(script_ + begin, end_ - begin);
    }
    void finish() {
        if (!done())
            fail();
    }
    [[noreturn]] void fail() {
        const char *const hint =
            "The statements are CREATE [OR REPLACE] TVIEW [IF NOT EXISTS] name AS SELECT ..., "
            "DROP TVIEW [IF EXISTS] name [CASCADE] and REFRESH TVIEW name.";
        if (done())
            ereport(ERROR, errcode(ERRCODE_SYNTAX_ERROR), errmsg("syntax error at end of a TVIEW statement"),
                    errhint("%s", hint));
        int const begin = tokens_[next_].begin;
        int const end = next_ + 1 < last_ ? tokens_[next_ + 1].begin : end_;
        ereport(ERROR, errcode(ERRCODE_SYNTAX_ERROR),
                errmsg("syntax error at or near \"%s\"", trimmed(begin, end)), errhint("%s", hint),
                internalerrposition(pg_mbstrlen_with_len(script_, begin) + 1), internalerrquery(script_));
        pg_unreachable();
    }

  private:
    // Script text without the blanks and comments that may follow a token.
    const char *trimmed(int begin, int end) const {
        bool quoted = false;
        int stop = begin;
        for (int i = begin; i < end; i++) {
            char const c = script_[i];
            if (c == '"')
                quoted = !quoted;
            if (!quoted && ((c == '-' && script_[i + 1] == '-') || (c == '/' && script_[i + 1] == '*')))
                break;
            if (quoted || strchr(" \t\r\n\f\v", c) == nullptr)
                stop = i + 1;
        }
        return pnstrdup(script_ + begin, stop - begin);
    }

    const char *script_;
    const Tokens &tokens_;
    std::size_t next_;
    std::size_t last_;
    int end_;
};

ScriptStatement *read_statement(Reader &reader) {
    auto *const statement = pg::make_in<ScriptStatement>(CurrentMemoryContext);
    if (reader.accept("create")) {
        if (reader.accept("or")) {
            reader.expect("replace");
            statement->or_replace = true;
        }
        reader.expect("tview");
        if (reader.accept("if")) {
            reader.expect("not");
            reader.expect("exists");
            statement->if_exists = true;
        }
        statement->name = reader.name();
        reader.expect("as");
        statement->select = reader.rest();
    } else if (reader.accept("drop")) {
        statement->kind = ScriptStatement::Kind::drop;
        reader.expect("tview");
        if (reader.accept("if")) {
            reader.expect("exists");
            statement->if_exists = true;
        }
        statement->name = reader.name();
        statement->cascade = reader.accept("cascade");
        if (!statement->cascade)
            reader.accept("restrict");
        reader.finish();
    } else {
        statement->kind = ScriptStatement::Kind::refresh;
        reader.expect("refresh");
        reader.expect("tview");
        statement->name = reader.name();
        reader.finish();
    }
    return statement;
}

} // namespace

List *parse_script(const char *script) {
    Tokens const tokens = scan(script);
    List *statements = NIL;
    std::size_t first = 0;
    for (std::size_t i = 0; i <= tokens.size(); i++) {
        bool const at_end = i == tokens.size();
        if (!at_end && tokens[i].code != ';')
            continue;
        if (i > first) {
            Reader reader(script, tokens, first, i,
                          at_end ? static_cast<int>(strlen(script)) : tokens[i].begin);
            statements = lappend(statements, read_statement(reader));
        }
        first = i + 1;
    }
    return statements;
}

} // namespace tviews::ddl
