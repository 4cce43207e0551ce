// pg/handles.hpp - scoped backend resources that an abort releases by itself.
//
// Each handle releases on normal scope exit only; when an error jumps over the destructor, or a C++ exception
// unwinds it, the resource owner, the snapshot stack or the GUC stack of the aborted (sub)transaction does it.
#pragma once

#include "pg/postgres.hpp"

#include <exception>

extern "C" {
#include "executor/spi.h"
}

namespace tviews::pg {

// Relation opened with a lock that is kept to the end of the transaction.
class OpenRelation {
  public:
    OpenRelation(Oid id, LOCKMODE lock) : relation_(relation_open(id, lock)) {}
    ~OpenRelation() {
        if (std::uncaught_exceptions() == entered_)
            relation_close(relation_, NoLock);
    }
    OpenRelation(const OpenRelation &) = delete;
    OpenRelation &operator=(const OpenRelation &) = delete;
    Relation get() const noexcept { return relation_; }
    Relation operator->() const noexcept { return relation_; }

  private:
    int entered_ = std::uncaught_exceptions();
    Relation relation_;
};

class PushedSnapshot {
  public:
    explicit PushedSnapshot(Snapshot snapshot) { PushActiveSnapshot(snapshot); }
    ~PushedSnapshot() {
        if (std::uncaught_exceptions() == entered_)
            PopActiveSnapshot();
    }
    PushedSnapshot(const PushedSnapshot &) = delete;
    PushedSnapshot &operator=(const PushedSnapshot &) = delete;

  private:
    int entered_ = std::uncaught_exceptions();
};

// A GUC nesting level: settings made inside end with the scope, those made by functions that ran in it as well.
class GucScope {
  public:
    GucScope() : level_(NewGUCNestLevel()) {}
    ~GucScope() {
        if (std::uncaught_exceptions() == entered_)
            AtEOXact_GUC(false, level_);
    }
    GucScope(const GucScope &) = delete;
    GucScope &operator=(const GucScope &) = delete;

    // Sets `name` for this scope unless it has the value already.
    static void set_local(const char *name, const char *value) {
        const char *const current = GetConfigOption(name, true, false);
        if (current != nullptr && strcmp(current, value) == 0)
            return;
        (void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    }

  private:
    int entered_ = std::uncaught_exceptions();
    int level_;
};

// Runs as another role. `flags` is a combination of SECURITY_* bits.
class SecurityScope {
  public:
    SecurityScope(Oid role, int flags) {
        GetUserIdAndSecContext(&role_, &context_);
        SetUserIdAndSecContext(role, context_ | flags);
    }
    ~SecurityScope() {
        if (std::uncaught_exceptions() == entered_)
            SetUserIdAndSecContext(role_, context_);
    }
    SecurityScope(const SecurityScope &) = delete;
    SecurityScope &operator=(const SecurityScope &) = delete;

  private:
    int entered_ = std::uncaught_exceptions();
    Oid role_ = InvalidOid;
    int context_ = 0;
};

class SpiSession {
  public:
    SpiSession() { SPI_connect(); }
    ~SpiSession() {
        if (std::uncaught_exceptions() == entered_)
            SPI_finish();
    }
    SpiSession(const SpiSession &) = delete;
    SpiSession &operator=(const SpiSession &) = delete;

  private:
    int entered_ = std::uncaught_exceptions();
};

} // namespace tviews::pg
