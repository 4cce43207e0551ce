// monitor/statistics.cpp - counts in shared memory what refreshes do, without being preloaded (ADR 9).
//
// A small structure in the main shared memory, found by its name, tells where the rest is: a hash table in dynamic
// shared memory, with an entry for each (database, table). A refresh finds the entry under a shared lock and adds to it
// with atomic operations; only a reader, a reset and the first refresh in an hour exclude others, for as long as copying
// or clearing an entry takes. Nothing is kept in the backend: how it ends loses nothing, and a crash loses everything,
// because it takes the shared memory along. Entries of tables that are gone are removed when a new one is made.
#include "monitor/statistics.hpp"

#include "pg/compat.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "lib/dshash.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/dsa.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace tviews::monitor {

namespace {

// Of the layout of what is shared: a server may have sessions with another version of the library.
constexpr const char *shared_name = "pg_tviews statistics 1";

struct Shared {
    LWLock lock;
    int tranche;
    bool made;
    dsa_handle area;
    dshash_table_handle table;
};

struct Key {
    Oid database;
    Oid table;
};

template <typename T> constexpr std::size_t count_of = sizeof(T) / sizeof(uint64);

struct SharedHour {
    pg_atomic_uint64 values[count_of<Hour>];
};

struct Entry {
    Key key;
    TimestampTz since;
    pg_atomic_uint64 counters[count_of<Counters>];
    SharedHour hours[kept_hours];
};

constinit dshash_table *entries = nullptr;
constinit bool unavailable = false;
constinit Oid failed = InvalidOid;

#define TVIEWS_AT(structure, member) (offsetof(structure, member) / sizeof(uint64))

void add(pg_atomic_uint64 &to, uint64 value) noexcept {
    if (value != 0)
        (void) pg_atomic_fetch_add_u64(&to, static_cast<int64>(value));
}

void raise_to(pg_atomic_uint64 &to, uint64 value) noexcept {
    uint64 known = pg_atomic_read_u64(&to);
    while (known < value && !pg_atomic_compare_exchange_u64(&to, &known, value))
        ;
}

void clear(SharedHour &hour, uint64 number) noexcept {
    for (pg_atomic_uint64 &value : hour.values)
        pg_atomic_write_u64(&value, 0);
    pg_atomic_write_u64(&hour.values[TVIEWS_AT(Hour, number)], number);
}

void clear(Entry &entry) noexcept {
    entry.since = GetCurrentTimestamp();
    for (pg_atomic_uint64 &value : entry.counters)
        pg_atomic_write_u64(&value, 0);
    for (SharedHour &hour : entry.hours)
        clear(hour, 0);
}

Entry *find(Oid table, bool exclusive) {
    Key const key{MyDatabaseId, table};
    return static_cast<Entry *>(dshash_find(entries, &key, exclusive));
}

void release(Entry *entry) { dshash_release_lock(entries, entry); }

void count_failure() noexcept {
    Oid const table = failed;
    failed = InvalidOid;
    if (Entry *const entry = entries != nullptr ? find(table, false) : nullptr; entry != nullptr) {
        add(entry->counters[TVIEWS_AT(Counters, errors)], 1);
        release(entry);
    }
}

// Locks of the failed operation have been released when these are called.
void at_transaction_end(XactEvent event, void *) noexcept {
    if (event == XACT_EVENT_ABORT && OidIsValid(failed))
        count_failure();
}

void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void *) noexcept {
    if (event == SUBXACT_EVENT_ABORT_SUB && OidIsValid(failed))
        count_failure();
}

void attach() {
    if (entries != nullptr)
        return;
    bool found;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    auto *const shared = static_cast<Shared *>(ShmemInitStruct(shared_name, sizeof(Shared), &found));
    if (!found) {
        shared->tranche = LWLockNewTrancheId();
        LWLockInitialize(&shared->lock, shared->tranche);
        shared->made = false;
    }
    LWLockRelease(AddinShmemInitLock);
    LWLockRegisterTranche(shared->tranche, "pg_tviews_statistics");
    pg::ScopedContext const scope(TopMemoryContext);
    dshash_parameters const parameters =
        pg::binary_hash_parameters(sizeof(Key), sizeof(Entry), shared->tranche);
    dshash_table *table;
    LWLockAcquire(&shared->lock, LW_EXCLUSIVE);
    dsa_area *const area = shared->made ? dsa_attach(shared->area) : dsa_create(shared->tranche);
    if (shared->made) {
        table = dshash_attach(area, &parameters, shared->table, nullptr);
    } else {
        table = dshash_create(area, &parameters, nullptr);
        dsa_pin(area);
        shared->area = dsa_get_handle(area);
        shared->table = dshash_get_hash_table_handle(table);
        shared->made = true;
    }
    dsa_pin_mapping(area);
    LWLockRelease(&shared->lock);
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
    entries = table;
}

bool exists(const Key &key) {
    return key.database == MyDatabaseId ? SearchSysCacheExists1(RELOID, ObjectIdGetDatum(key.table))
                                        : SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(key.database));
}

// What a transaction that is still running has created looks as if it were gone: that is counted from zero then.
void sweep() {
    pg::vector<Key> keys;
    dshash_seq_status scan;
    dshash_seq_init(&scan, entries, false);
    while (auto const *const entry = static_cast<const Entry *>(dshash_seq_next(&scan)))
        keys.push_back(entry->key);
    dshash_seq_term(&scan);
    for (const Key &key : keys)
        if (!exists(key))
            (void) dshash_delete_key(entries, &key);
}

// The entry, locked by this backend alone.
Entry *make(Oid table) {
    if (Entry *const known = find(table, true); known != nullptr)
        return known;
    sweep();
    Key const key{MyDatabaseId, table};
    bool found;
    auto *const entry = static_cast<Entry *>(dshash_find_or_insert(entries, &key, &found));
    if (!found) {
        for (pg_atomic_uint64 &value : entry->counters)
            pg_atomic_init_u64(&value, 0);
        for (SharedHour &hour : entry->hours)
            for (pg_atomic_uint64 &value : hour.values)
                pg_atomic_init_u64(&value, 0);
        clear(*entry);
    }
    return entry;
}

void count(Entry &entry, const Refresh &refresh, uint64 now) noexcept {
    pg_atomic_uint64 *const sums = entry.counters;
    add(sums[TVIEWS_AT(Counters, refreshes)], 1);
    add(sums[TVIEWS_AT(Counters, keys)], refresh.keys);
    add(sums[TVIEWS_AT(Counters, patched)], refresh.patched);
    add(sums[TVIEWS_AT(Counters, recomputed)], refresh.recomputed);
    add(sums[TVIEWS_AT(Counters, inserted)], refresh.inserted);
    add(sums[TVIEWS_AT(Counters, updated)], refresh.updated);
    add(sums[TVIEWS_AT(Counters, deleted)], refresh.deleted);
    add(sums[TVIEWS_AT(Counters, unchanged)], refresh.unchanged);
    add(sums[TVIEWS_AT(Counters, full_refreshes)], refresh.full);
    add(sums[TVIEWS_AT(Counters, lock_waits)], refresh.lock_waits);
    add(sums[TVIEWS_AT(Counters, cache_misses)], refresh.compiled);
    raise_to(sums[TVIEWS_AT(Counters, last)], now);
    if (refresh.microseconds > 0) {
        auto const duration = static_cast<uint64>(refresh.microseconds);
        add(sums[TVIEWS_AT(Counters, timed)], 1);
        add(sums[TVIEWS_AT(Counters, microseconds)], duration);
        raise_to(sums[TVIEWS_AT(Counters, longest)], duration);
    }
}

void count(SharedHour &hour, const Refresh &refresh, uint64 now) noexcept {
    pg_atomic_uint64 *const sums = hour.values;
    add(sums[TVIEWS_AT(Hour, refreshes)], 1);
    add(sums[TVIEWS_AT(Hour, cache_misses)], refresh.compiled);
    raise_to(sums[TVIEWS_AT(Hour, most_keys)], refresh.keys);
    raise_to(sums[TVIEWS_AT(Hour, last)], now);
    if (refresh.microseconds > 0) {
        auto const duration = static_cast<uint64>(refresh.microseconds);
        add(sums[TVIEWS_AT(Hour, timed)], 1);
        add(sums[TVIEWS_AT(Hour, microseconds)], duration);
        raise_to(sums[TVIEWS_AT(Hour, longest)], duration);
        std::size_t const at =
            std::lower_bound(std::begin(duration_bounds), std::end(duration_bounds), duration) -
            std::begin(duration_bounds);
        add(sums[TVIEWS_AT(Hour, durations) + at], 1);
    }
}

template <typename T> void copy(const pg_atomic_uint64 *from, T &to) noexcept {
    uint64 values[count_of<T>];
    for (uint64 &value : values)
        value = pg_atomic_read_u64(const_cast<pg_atomic_uint64 *>(from++));
    memcpy(&to, values, sizeof(T));
}

// Statistics are not worth an error.
template <typename F> void try_shared(F &&f) {
    if (unavailable || !IsUnderPostmaster)
        return;
    auto const error = pg::try_subtransaction([&] {
        attach();
        f();
    });
    if (!error)
        return;
    unavailable = true;
    ereport(LOG, errmsg("refreshes of TVIEWs are not counted in this session: %s", error->data->message),
            errhidestmt(true), errhidecontext(true));
}

} // namespace

void prepare_counters(Oid table) {
    if (Entry *const known = entries != nullptr ? find(table, false) : nullptr; known != nullptr)
        release(known);
    else
        try_shared([&] { release(make(table)); });
}

bool count_refresh(Oid table, const Refresh &refresh) {
    if (entries == nullptr)
        return false;
    auto const now = static_cast<uint64>(GetCurrentStatementStartTimestamp());
    uint64 const number = now / USECS_PER_HOUR;
    Entry *entry = find(table, false);
    auto hour = [&]() -> SharedHour & { return entry->hours[number % kept_hours]; };
    auto known = [&] { return pg_atomic_read_u64(&hour().values[TVIEWS_AT(Hour, number)]); };
    if (entry != nullptr && known() < number) {
        release(entry);
        entry = find(table, true);
        if (entry != nullptr && known() < number)
            clear(hour(), number);
    }
    if (entry == nullptr)
        return false;
    count(*entry, refresh, now);
    if (known() == number)
        count(hour(), refresh, now);
    release(entry);
    return true;
}

void note_failure(Oid table) noexcept {
    if (entries != nullptr && !OidIsValid(failed))
        failed = table;
}

void forget_counters(Oid table) {
    try_shared([&] {
        Key const key{MyDatabaseId, table};
        (void) dshash_delete_key(entries, &key);
    });
}

pg::vector<Statistics *> all_statistics() {
    pg::vector<Statistics *> all;
    attach();
    dshash_seq_status scan;
    dshash_seq_init(&scan, entries, true);
    while (auto const *const entry = static_cast<const Entry *>(dshash_seq_next(&scan))) {
        if (entry->key.database != MyDatabaseId)
            continue;
        auto *const copied = static_cast<Statistics *>(palloc(sizeof(Statistics)));
        copied->table = entry->key.table;
        copied->since = entry->since;
        copy(entry->counters, copied->counters);
        for (int i = 0; i < kept_hours; i++)
            copy(entry->hours[i].values, copied->hours[i]);
        all.push_back(copied);
    }
    dshash_seq_term(&scan);
    return all;
}

void reset_statistics(Oid table) {
    attach();
    Entry *const entry = make(table);
    clear(*entry);
    release(entry);
}

} // namespace tviews::monitor
