// monitor/health.hpp - private to monitor/: what the checks of pg_tviews_health_check() report to.
#pragma once

#include "catalog/catalog.hpp"

namespace tviews::monitor {

enum class Severity { info, warning, error };

struct Finding {
    const char *check;
    const char *component;
    Severity severity;
    const char *message;
    const char *details; // JSON text, or nullptr
};

// Collects findings. In the memory context that was current when it was made.
class Report {
  public:
    void add(const char *check, const char *component, Severity severity, const char *message,
             const char *details = nullptr) {
        findings_.push_back({check, component, severity, message, details});
    }
    // Says that all is well, unless the check has found something worse than information.
    void conclude(const char *check, const char *component, const char *message,
                  const char *details = nullptr) {
        for (const Finding &finding : findings_)
            if (strcmp(finding.check, check) == 0 && finding.severity != Severity::info)
                return;
        add(check, component, Severity::info, message, details);
    }
    const pg::vector<Finding> &findings() const noexcept { return findings_; }

  private:
    pg::vector<Finding> findings_;
};

// {"name": "value", ...} from pairs of strings; a null value is left out.
const char *details(std::initializer_list<std::pair<const char *, const char *>> pairs);

// health_triggers.cpp: missing_triggers, orphaned_triggers, statement_triggers
void check_triggers(Report &report);
// health_tviews.cpp: consistency, indexes, row_security, cache_health
void check_tviews(Report &report);

} // namespace tviews::monitor
