// refresh/environment.hpp - private to refresh/: the role, settings and error context of maintenance.
#pragma once

#include "dependency/dependency.hpp"
#include "pg/handles.hpp"

#include <optional>

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

// Inside or outside an Environment: what writing a TVIEW, and its triggers, run as: the owner.
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

// What a TVIEW's triggers and constraints may do to the session that they run in, and it to them. To be made as whoever
// flushes, outside of an Environment.
//
// A restricted operation cannot queue deferred triggers, so it is restricted only if it has to be: if the owner could
// not act as the writer anyway. A deferred trigger would run as the writer, a temporary view would be in his search_path.
// The writer's search_path is out of force if he could not act as the owner anyway: it would choose what the owner runs.
struct Trust {
    explicit Trust(Oid owner);
    int context;        // security context flags for WriteScope
    bool pins_settings; // run in a SettingsScope
    bool pins_search_path;
};

// For as long as triggers of the TVIEW run. Takes back what they set.
class SettingsScope {
  public:
    explicit SettingsScope(const Trust &trust);

  private:
    std::optional<pg::GucScope> settings_;
};

} // namespace tviews::refresh
