// refresh/environment.cpp - see environment.hpp.
#include "refresh/environment.hpp"

#include "definition/reads.hpp"
#include "pg/names.hpp"
#include "pg/relations.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace tviews::refresh {

namespace {

[[noreturn]] void refuse_filtered(const dependency::Compiled &tview, const definition::Read &read) {
    const char *const table = pg::qualified_name(read.relation);
    const char *const role = GetUserNameFromId(read.reader, false);
    Oid const owner = pg::owner_of(read.relation);
    bool const own = OidIsValid(owner) && has_privs_of_role(read.reader, owner);
    ereport(ERROR, errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
            errmsg("row-level security hides rows of table %s from TVIEW %s", table, tview.qualified),
            errdetail("The table is read as role \"%s\", to whom its policies apply.", role),
            own ? errhint("Use ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, or ALTER ROLE %s BYPASSRLS.",
                          table, pg::quoted(role))
                : errhint("Let the owner of the table own what reads it, or use ALTER ROLE %s BYPASSRLS.",
                          pg::quoted(role)));
    pg_unreachable();
}

} // namespace

ErrorContext::ErrorContext(const dependency::Compiled &tview, uint64 sources)
    : tview_(tview.qualified), entered_(std::uncaught_exceptions()) {
    // The names are put together now: an error callback must not look anything up.
    tables_[0] = '\0';
    std::size_t used = 0;
    for (std::size_t i = 0; i < tview.source_names.size() && i < 64; i++) {
        const char *const name = tview.source_names[i];
        bool repeated = (sources >> i & 1) == 0;
        for (std::size_t j = 0; j < i; j++)
            repeated = repeated || ((sources >> j & 1) != 0 && strcmp(tview.source_names[j], name) == 0);
        std::size_t const length = strlen(name);
        if (repeated || used + length + 3 > sizeof(tables_))
            continue;
        if (used > 0) {
            memcpy(tables_ + used, ", ", 2);
            used += 2;
        }
        memcpy(tables_ + used, name, length + 1);
        used += length;
    }
    callback_.callback = report;
    callback_.arg = this;
    callback_.previous = error_context_stack;
    error_context_stack = &callback_;
}

ErrorContext::~ErrorContext() {
    if (std::uncaught_exceptions() == entered_)
        error_context_stack = callback_.previous;
}

void ErrorContext::report(void *self) noexcept {
    auto const *context = static_cast<const ErrorContext *>(self);
    if (context->tables_[0] != '\0')
        errcontext("while refreshing TVIEW %s after changes to %s", context->tview_, context->tables_);
    else
        errcontext("while refreshing TVIEW %s", context->tview_);
}

Environment::Environment(dependency::Compiled &tview)
    : role_(tview.owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION) {
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("row_security", "off");
    pg::GucScope::set_local("jit", "off");
    if (tview.rendering.in_force())
        return;
    for (const catalog::Setting &setting : tview.settings)
        pg::GucScope::set_local(setting.name, setting.value);
    if (!tview.rendering.known())
        tview.rendering = pg::Rendering::current(tview.context);
}

void require_all_rows(dependency::Compiled &tview) {
    if (tview.roles_checked == catalog::roles_generation())
        return;
    uint64 const before = catalog::roles_generation();
    pg::vector<definition::Read> all = definition::reads(tview.view, tview.owner);
    all.push_back({tview.table, tview.owner});
    for (Oid relation : tview.shape->relations) // walks read them without the views between
        all.push_back({relation, tview.owner});
    for (const definition::Read &read : all)
        if (definition::filtered(read))
            refuse_filtered(tview, read);
    tview.roles_checked = before;
}

void privilege_error_edited(const dependency::Compiled &tview, ErrorData *error) {
    if (error->sqlerrcode != ERRCODE_INSUFFICIENT_PRIVILEGE || error->hint != nullptr)
        return;
    error->hint = psprintf("TVIEW %s is maintained as its owner, role \"%s\".", tview.qualified,
                           GetUserNameFromId(tview.owner, false));
}

WriteScope::WriteScope(Oid owner, int outer_context) : entered_(std::uncaught_exceptions()) {
    GetUserIdAndSecContext(&role_, &context_);
    SetUserIdAndSecContext(owner, outer_context | SECURITY_LOCAL_USERID_CHANGE);
}

WriteScope::~WriteScope() {
    if (std::uncaught_exceptions() == entered_)
        SetUserIdAndSecContext(role_, context_);
}

Trust::Trust(Oid owner) {
    Oid current;
    GetUserIdAndSecContext(&current, &context);
    bool owner_trusted = true;
    bool writer_trusted = true;
    // Deferred triggers and later statements run as any of them.
    for (Oid const writer : {current, GetOuterUserId(), GetSessionUserId()}) {
        owner_trusted = owner_trusted && has_privs_of_role(owner, writer);
        writer_trusted = writer_trusted && has_privs_of_role(writer, owner);
    }
    if (!owner_trusted)
        context |= SECURITY_RESTRICTED_OPERATION;
    pins_search_path = !writer_trusted;
    pins_settings = !owner_trusted || !writer_trusted;
}

SettingsScope::SettingsScope(const Trust &trust) {
    if (trust.pins_settings)
        settings_.emplace();
    if (trust.pins_search_path)
        pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
}

} // namespace tviews::refresh
