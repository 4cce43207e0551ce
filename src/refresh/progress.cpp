// refresh/progress.cpp - see progress.hpp. Progress is published in the lock manager (ADR 8).
//
// A session without preloaded libraries has no shared memory of its own, but pg_locks is shared, and what it shows ends
// with the transaction however that ends. So a running operation holds a few locks that nobody waits for, in the form
// of advisory locks: field 2 is the table, field 4 says what field 3 is.
//     0x5300          when it began, in seconds since 2000
//     0x5301          rows in all, estimated
//     0x5310 + phase  rows done in this phase
//     0x5320 + i      bytes 4i to 4i + 3 of the entity's name: others do not see the catalog rows of a creation yet
// A full lock table means that nothing is shown; it is no reason to fail.
#include "refresh/progress.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "storage/lock.h"
#include "utils/resowner.h"
#include "utils/timestamp.h"
}

#include <exception>

namespace tviews::refresh {

namespace {

constexpr uint16 begin_class = 0x5300;
constexpr uint16 total_class = 0x5301;
constexpr uint16 phase_class = 0x5310;
constexpr uint16 name_class = 0x5320;

uint32 clamped(double number) noexcept {
    return number < static_cast<double>(PG_UINT32_MAX) ? static_cast<uint32>(number) : PG_UINT32_MAX;
}

uint16 class_of(Phase phase) noexcept {
    return static_cast<uint16>(phase_class + static_cast<uint16>(phase));
}

// Locks must be released under the resource owner that has them.
class OwnerScope {
  public:
    explicit OwnerScope(ResourceOwner owner) noexcept : old_(CurrentResourceOwner) {
        CurrentResourceOwner = owner;
    }
    ~OwnerScope() { CurrentResourceOwner = old_; }
    OwnerScope(const OwnerScope &) = delete;
    OwnerScope &operator=(const OwnerScope &) = delete;

  private:
    ResourceOwner old_;
};

} // namespace

Progress::Progress(Oid table, const char *entity, Phase phase)
    : table_(table), owner_(CurrentResourceOwner), entered_(std::uncaught_exceptions()), phase_(phase) {
    (void) lock(begin_class, static_cast<uint32>(GetCurrentTimestamp() / USECS_PER_SEC));
    std::size_t const length = strlen(entity);
    for (std::size_t i = 0; i < length; i += 4) {
        uint32 word = 0;
        for (std::size_t byte = i; byte < i + 4; byte++)
            word = word << 8 | (byte < length ? static_cast<unsigned char>(entity[byte]) : 0U);
        (void) lock(static_cast<uint16>(name_class + i / 4), word);
    }
    (void) lock(class_of(phase_), 0);
}

Progress::~Progress() {
    if (std::uncaught_exceptions() != entered_)
        return;
    while (!held_.empty())
        unlock(held_.back().number, held_.back().value);
}

void Progress::phase(Phase phase) {
    unlock(class_of(phase_), clamped(static_cast<double>(published_)));
    phase_ = phase;
    rows_ = published_ = 0;
    (void) lock(class_of(phase_), 0);
}

void Progress::total(double rows) {
    for (Held const &held : held_)
        if (held.number == total_class) {
            unlock(held.number, held.value);
            break;
        }
    if (rows >= 0)
        (void) lock(total_class, clamped(rows));
}

void Progress::publish() {
    if (lock(class_of(phase_), clamped(static_cast<double>(rows_))))
        unlock(class_of(phase_), clamped(static_cast<double>(published_)));
    published_ = rows_;
}

bool Progress::lock(uint16 number, uint32 value) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, table_, value, number);
    OwnerScope const scope(owner_);
    if (!pg::lock_if_room(tag, AccessShareLock))
        return false;
    held_.push_back({number, value});
    return true;
}

// Does nothing for one that could not be had.
void Progress::unlock(uint16 number, uint32 value) {
    for (std::size_t i = held_.size(); i > 0; i--) {
        if (held_[i - 1].number != number || held_[i - 1].value != value)
            continue;
        LOCKTAG tag;
        SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, table_, value, number);
        OwnerScope const scope(owner_);
        (void) LockRelease(&tag, AccessShareLock, false);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(i) - 1);
        return;
    }
}

} // namespace tviews::refresh
