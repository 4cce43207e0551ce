// refresh/locks.cpp - who waits for whom: the lock protocol of design 3.4 in PostgreSQL's lock manager.
//
// A trigger-maintained view goes wrong when one transaction changes what is behind a link value while another makes a
// row look through that value: neither sees the other's rows. So on (TVIEW, edge, value) there are two locks: W, "I
// change what is behind this value" (RowExclusive), and R, "a row of mine newly looks through it" (Share). W-W and R-R
// are compatible, W-R is not; who needs both asks once, for ShareRowExclusive. On (TVIEW, key) there is X (Exclusive).
// Edges are locked farthest from the key first, each in one pass in lock-tag order, then the keys; whoever waited then
// looks with a snapshot taken after the lock.
//
// Above the values stands the edge as a whole (hash 0 of a class of its own): holders of values have IW = RowExclusive
// or IR = RowShare there, so that too many values can be replaced by one W-all = Exclusive or R-all = Share. Keys alike:
// RowExclusive for holders of keys, Exclusive for a full refresh or too many keys.
//
// The tags look like advisory locks with a fourth field that nobody else uses: core has 1 and 2, Citus 4 to 16. Values
// are hashed by the hash functions of the edge's own equality operator, each side by its own, so values that are equal
// meet whatever their types. Different values that meet by accident only wait. A model checker (test/model)
// goes over this; change the model first.
#include "refresh/locks.hpp"

#include "config/settings.hpp"
#include "core/hash.hpp"
#include "core/strategy.hpp"
#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/twophase.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/typcache.h"
}

namespace tviews::refresh {

namespace {

// Field 4 of our lock tags. An edge has two classes from edge_class on: its values, and the edge as a whole.
constexpr uint16 key_class = 0x5400;
constexpr uint16 all_keys_class = 0x5401;
constexpr uint16 edge_class = 0x5402;

// How long a flush inside PREPARE TRANSACTION waits: a coordinator's deadlock across servers is seen by nobody.
constexpr int prepare_wait_ms = 5000;

constinit uint64 waits = 0;

struct Wanted {
    uint32 hash;
    LOCKMODE mode;
};

LOCKMODE both(LOCKMODE a, LOCKMODE b) noexcept {
    if (a == b || b == NoLock)
        return a;
    if (a == NoLock)
        return b;
    if ((a == RowExclusiveLock && b == ShareLock) || (a == ShareLock && b == RowExclusiveLock))
        return ShareRowExclusiveLock;
    return std::max(a, b);
}

void acquire_now(Oid table, uint16 lock_class, uint32 hash, LOCKMODE mode) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, table, hash, lock_class);
    if (LockAcquire(&tag, mode, false, true) == LOCKACQUIRE_NOT_AVAIL) {
        waits++;
        (void) LockAcquire(&tag, mode, false, false);
    }
}

// In the order of the tags, each hash once.
void sort_and_merge(pg::vector<Wanted> &wanted) {
    std::sort(wanted.begin(), wanted.end(), [](const Wanted &a, const Wanted &b) { return a.hash < b.hash; });
    std::size_t kept = 0;
    for (std::size_t i = 0; i < wanted.size(); i++) {
        if (kept > 0 && wanted[kept - 1].hash == wanted[i].hash)
            wanted[kept - 1].mode = both(wanted[kept - 1].mode, wanted[i].mode);
        else
            wanted[kept++] = wanted[i];
    }
    wanted.resize(kept);
}

void acquire_in_order(Oid table, uint16 whole_class, LOCKMODE whole, uint16 value_class,
                      const pg::vector<Wanted> &wanted, Timing timing) {
    auto acquire_all = [&] {
        acquire_now(table, whole_class, 0, whole);
        for (const Wanted &one : wanted)
            acquire_now(table, value_class, one.hash, one.mode);
    };
    if (timing != Timing::prepare) {
        acquire_all();
        return;
    }
    pg::GucScope const scope;
    if (LockTimeout <= 0 || LockTimeout > prepare_wait_ms)
        pg::GucScope::set_local("lock_timeout", psprintf("%d", prepare_wait_ms));
    pg::with_edited_error(acquire_all, [](ErrorData *error) {
        if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
            return;
        error->sqlerrcode = ERRCODE_T_R_SERIALIZATION_FAILURE;
        error->message =
            pstrdup("could not prepare the transaction because another one is changing the same documents");
        error->hint = pstrdup("The transaction might succeed if retried.");
    });
}

uint64 escalation_threshold() {
    if (config::lock_escalation_threshold >= 0)
        return static_cast<uint64>(config::lock_escalation_threshold);
    return static_cast<uint64>(max_locks_per_xact) * static_cast<uint64>(MaxBackends + max_prepared_xacts) /
           10;
}

// The hash of an edge's value as the far side has it.
uint32 hash_far(const dependency::CompiledEdge &edge, const Datum *values) {
    uint64 hash = 0;
    for (const dependency::LinkHash &part : edge.hashes) {
        Datum const one = FunctionCall1Coll(const_cast<FmgrInfo *>(&part.far), part.collation,
                                            values[static_cast<std::size_t>(part.link)]);
        hash = core::combine(hash, DatumGetUInt32(one));
    }
    return static_cast<uint32>(hash);
}

uint32 hash_key(const dependency::Compiled &tview, const Datum *values) {
    uint64 hash = 0;
    for (int i = 0; i < tview.unit.count(); i++) {
        auto const column = static_cast<std::size_t>(tview.shape->unit[static_cast<std::size_t>(i)]);
        TypeCacheEntry *const type = lookup_type_cache(tview.unit[i].type, TYPECACHE_HASH_PROC_FINFO);
        if (!OidIsValid(type->hash_proc))
            ereport(
                ERROR, errcode(ERRCODE_UNDEFINED_FUNCTION),
                errmsg("could not identify a hash function for type %s", format_type_be(tview.unit[i].type)));
        Datum const one =
            FunctionCall1Coll(&type->hash_proc_finfo, tview.shape->columns[column].collation, values[i]);
        hash = core::combine(hash, DatumGetUInt32(one));
    }
    return static_cast<uint32>(hash);
}

} // namespace

uint64 lock_waits() noexcept { return waits; }

void lock_edge(const dependency::Compiled &tview, const dependency::CompiledEdge &edge, const pg::ValueSet &w,
               const Pending &r, Timing timing) {
    if (edge.edge->direct_key || edge.edge->lockless || (w.pending() == 0 && r.empty()))
        return;
    auto const number = static_cast<uint16>(edge.edge->id * 2);
    auto const value_class = static_cast<uint16>(edge_class + number);
    auto const whole_class = static_cast<uint16>(edge_class + number + 1);
    uint64 const threshold = escalation_threshold();
    bool const w_all = w.pending() > 0 && (!edge.edge->by_value || core::escalate(w.pending(), threshold));
    bool const r_all =
        !r.empty() && (!edge.edge->by_value || r.all() || core::escalate(r.end - r.begin(), threshold));

    LOCKMODE whole = NoLock;
    if (w.pending() > 0)
        whole = w_all ? ExclusiveLock : RowExclusiveLock;
    if (!r.empty())
        whole = both(whole, r_all ? ShareLock : RowShareLock);

    pg::vector<Wanted> wanted;
    pg::vector<Datum> values(static_cast<std::size_t>(edge.format.count()));
    auto *const nulls = static_cast<bool *>(palloc0(static_cast<std::size_t>(edge.format.count()) + 1));
    if (!w_all)
        for (uint32 i = w.flushed(); i < w.size(); i++) {
            edge.format.unpack(w[i], values.data(), nulls);
            wanted.push_back({hash_far(edge, values.data()), RowExclusiveLock});
        }
    if (!r_all && !w_all)
        for (uint32 i = r.begin(); i < r.end; i++)
            wanted.push_back({static_cast<uint32>((*r.set)[i].number), ShareLock});
    sort_and_merge(wanted);
    acquire_in_order(tview.table, whole_class, whole, value_class, wanted, timing);
}

void lock_keys(const dependency::Compiled &tview, const pg::ValueSet &keys, Timing timing) {
    if (keys.pending() == 0)
        return;
    if (core::escalate(keys.pending(), escalation_threshold())) {
        lock_all_keys(tview, timing);
        return;
    }
    pg::vector<Wanted> wanted;
    wanted.reserve(keys.pending());
    pg::vector<Datum> values(static_cast<std::size_t>(tview.unit.count()));
    auto *const nulls = static_cast<bool *>(palloc0(static_cast<std::size_t>(tview.unit.count()) + 1));
    for (uint32 i = keys.flushed(); i < keys.size(); i++) {
        tview.unit.unpack(keys[i], values.data(), nulls);
        wanted.push_back({hash_key(tview, values.data()), ExclusiveLock});
    }
    sort_and_merge(wanted);
    acquire_in_order(tview.table, all_keys_class, RowExclusiveLock, key_class, wanted, timing);
}

void lock_all_keys(const dependency::Compiled &tview, Timing timing) {
    acquire_in_order(tview.table, all_keys_class, ExclusiveLock, key_class, pg::vector<Wanted>(), timing);
}

} // namespace tviews::refresh
