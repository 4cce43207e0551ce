// refresh/environment.hpp - private to refresh/: the role, settings and error context of maintenance.
#pragma once

#include "dependency/dependency.hpp"
#include "pg/handles.hpp"

namespace tviews::refresh {

// Adds "while refreshing TVIEW x after changes to y" to errors raised in its scope.
class ErrorContext {
  public:
    // `sources`: bit i for source i; 0 when no particular table is the reason.
    ErrorContext(const dependency::Compiled &tview, uint64 sources);
    ~ErrorContext();
    ErrorContext(const ErrorContext &) = delete;
    ErrorContext &operator=(const ErrorContext &) = delete;

  private:
    static void report(void *self) noexcept;
    const char *tview_;
    char tables_[256];
    ErrorContextCallback callback_;
    int entered_;
};

// Runs as the TVIEW's owner in a restricted operation, with search_path and the settings that influence rendering
// pinned to what the TVIEW was created with.
class Environment {
  public:
    explicit Environment(dependency::Compiled &tview);

  private:
    pg::SecurityScope role_;
    pg::GucScope settings_;
};

// Raises 42501 when row-level security hides rows of a source, or of the TVIEW, from the role they are read as. Cheap: looks
// again only after the definition, a relation it reads, or roles have changed.
void require_all_rows(dependency::Compiled &tview);

// Adds to a privilege error of maintenance whose privilege is missing.
void privilege_error_edited(const dependency::Compiled &tview, ErrorData *error);

// Inside or outside an Environment: what writing a TVIEW runs as. The owner, but not restricted, because a restricted
// operation cannot queue deferred triggers; unless whoever called us is restricted already.
class WriteScope {
  public:
    WriteScope(Oid owner, int outer_context);
    ~WriteScope();
    WriteScope(const WriteScope &) = delete;
    WriteScope &operator=(const WriteScope &) = delete;

  private:
    Oid role_ = InvalidOid;
    int context_ = 0;
    int entered_;
};

// The security context flags in force now, for WriteScope.
int security_context();

} // namespace tviews::refresh
