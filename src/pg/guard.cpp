// pg/guard.cpp - turns the C++ exception in flight into an error report (see guard.hpp).
#include "pg/guard.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <cstring>

namespace tviews::pg {

static void set_message(Pending &pending, int sqlstate, const char *text) noexcept {
    pending.sqlstate = sqlstate;
    std::size_t const length = std::min(std::strlen(text), sizeof(pending.message) - 1);
    std::memcpy(pending.message, text, length);
    pending.message[length] = '\0';
}

Pending describe_current_exception() noexcept {
    Pending pending;
    try {
        throw;
    } catch (const CaughtError &caught) {
        pending.rethrow = caught.data;
    } catch (const core::Error &error) {
        set_message(pending, ERRCODE_INTERNAL_ERROR, error.what());
    } catch (const std::bad_alloc &) {
        set_message(pending, ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &error) {
        set_message(pending, ERRCODE_INTERNAL_ERROR, error.what());
    } catch (...) {
        set_message(pending, ERRCODE_INTERNAL_ERROR, "unknown exception");
    }
    return pending;
}

void raise(const Pending &pending) {
    if (pending.rethrow != nullptr)
        ReThrowError(pending.rethrow);
    ereport(ERROR, errcode(pending.sqlstate), errmsg("%s", pending.message));
    pg_unreachable();
}

} // namespace tviews::pg
