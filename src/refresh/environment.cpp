// refresh/environment.cpp - see environment.hpp.
#include "refresh/environment.hpp"

namespace tviews::refresh {

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

Environment::Environment(const dependency::Compiled &tview)
    : role_(tview.owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION) {
    pg::GucScope::set_local("search_path", "pg_catalog, pg_temp");
    pg::GucScope::set_local("row_security", "off");
    pg::GucScope::set_local("jit", "off");
    for (const catalog::Setting &setting : tview.settings)
        pg::GucScope::set_local(setting.name, setting.value);
}

WriteScope::WriteScope(Oid owner, int outer_context) : entered_(std::uncaught_exceptions()) {
    GetUserIdAndSecContext(&role_, &context_);
    SetUserIdAndSecContext(owner, outer_context | SECURITY_LOCAL_USERID_CHANGE);
}

WriteScope::~WriteScope() {
    if (std::uncaught_exceptions() == entered_)
        SetUserIdAndSecContext(role_, context_);
}

int security_context() {
    Oid role;
    int flags;
    GetUserIdAndSecContext(&role, &flags);
    return flags;
}

} // namespace tviews::refresh
