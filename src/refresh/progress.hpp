// refresh/progress.hpp - lets other sessions see how far a creation or a full refresh has come (pg_tviews_progress).
#pragma once

#include "pg/memory.hpp"

namespace tviews::refresh {

// The numbers are part of the lock tags that sql/parts/60_monitoring.sql decodes.
enum class Phase : uint16 { waiting = 0, populating = 1, indexing = 2, comparing = 3, writing = 4 };

// One running operation. An abort ends it; so does its destructor.
class Progress {
  public:
    Progress(Oid table, const char *entity, Phase phase);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    void phase(Phase phase);
    // An estimate; negative: unknown.
    void total(double rows);
    // One more row is done.
    void row() {
        if (++rows_ - published_ >= step)
            publish();
    }

  private:
    static constexpr uint64 step = 1000;

    void publish();
    bool lock(uint16 number, uint32 value);
    void unlock(uint16 number, uint32 value);

    Oid table_;
    struct ResourceOwnerData *owner_;
    int entered_;
    Phase phase_;
    uint64 rows_ = 0;
    uint64 published_ = 0;
    struct Held {
        uint16 number;
        uint32 value;
    };
    pg::vector<Held> held_;
};

} // namespace tviews::refresh
