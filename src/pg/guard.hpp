// pg/guard.hpp - where C++ exceptions and PostgreSQL errors meet.
//
// boundary() stands in every function whose address PostgreSQL receives: a C++ exception that reaches it becomes
// an ereport after the catch block has ended. guarded() is the reverse: it runs code that may ereport and turns the
// error into a CaughtError, for the few places that edit an error or recover by a subtransaction.
#pragma once

#include "pg/postgres.hpp"

#include <csetjmp>
#include <exception>
#include <optional>

namespace tviews::pg {

struct CaughtError {
    ErrorData *data; // in the caller's memory context
};

struct Pending {
    ErrorData *rethrow = nullptr;
    int sqlstate = 0;
    char message[256] = {0};
};
Pending describe_current_exception() noexcept;
[[noreturn]] void raise(const Pending &pending);

// f may own only trivially destructible locals.
template <typename F> auto guarded(F &&f) -> std::invoke_result_t<F> {
    sigjmp_buf *const stack = PG_exception_stack;
    ErrorContextCallback *const callbacks = error_context_stack;
    MemoryContext const context = CurrentMemoryContext;
    struct Restore {
        sigjmp_buf *stack;
        ErrorContextCallback *callbacks;
        ~Restore() {
            PG_exception_stack = stack;
            error_context_stack = callbacks;
        }
    } restore{stack, callbacks};
    sigjmp_buf here;
    if (sigsetjmp(here, 0) == 0) {
        PG_exception_stack = &here;
        return f();
    }
    PG_exception_stack = stack;
    error_context_stack = callbacks;
    MemoryContextSwitchTo(context);
    ErrorData *const data = CopyErrorData();
    FlushErrorState();
    throw CaughtError{data};
}

template <typename F> auto boundary(F &&f) -> std::invoke_result_t<F> {
    Pending pending;
    try {
        return f();
    } catch (...) {
        pending = describe_current_exception();
    }
    raise(pending);
}

// Runs f and, when it raises an error, lets `edit` change it before it goes on its way. Not a recovery.
template <typename F, typename E> auto with_edited_error(F &&f, E &&edit) -> std::invoke_result_t<F> {
    ErrorData *data = nullptr;
    try {
        return guarded(std::forward<F>(f));
    } catch (const CaughtError &caught) {
        data = caught.data;
    }
    edit(data);
    ReThrowError(data);
}

// Runs f in a subtransaction; an error rolls it back and is returned. Cancel and shutdown are raised again.
template <typename F> std::optional<CaughtError> try_subtransaction(F &&f) {
    MemoryContext const context = CurrentMemoryContext;
    ResourceOwner const owner = CurrentResourceOwner;
    std::optional<CaughtError> caught;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(context);
    try {
        guarded([&] {
            f();
            ReleaseCurrentSubTransaction();
        });
    } catch (const CaughtError &error) {
        caught = error;
    }
    if (caught)
        RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    if (caught && (caught->data->sqlerrcode == ERRCODE_QUERY_CANCELED ||
                   caught->data->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN))
        ReThrowError(caught->data);
    return caught;
}

} // namespace tviews::pg

// TVIEWS_FUNCTION(name) { ... PG_RETURN_VOID(); } defines the SQL-callable C function `name`.
#define TVIEWS_FUNCTION(name)                                                                                \
    extern "C" {                                                                                             \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                                \
    PG_FUNCTION_INFO_V1(name);                                                                               \
    }                                                                                                        \
    static Datum name##_body(FunctionCallInfo fcinfo);                                                       \
    Datum name(PG_FUNCTION_ARGS) {                                                                           \
        return ::tviews::pg::boundary([&] { return name##_body(fcinfo); });                                  \
    }                                                                                                        \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
