// shim.cpp - stand-ins for the server functions that src/patch calls: memory by malloc, so that the sanitizers see every
// allocation's bounds, and errors by a C++ exception.
#include "shim.hpp"

#include "pg/compat.hpp"

extern "C" {
#include "common/hashfn.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/varlena.h"
}

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

std::vector<void *> allocations;
std::string message;

void *allocate(Size size) {
    void *const result = std::malloc(size == 0 ? 1 : size);
    allocations.push_back(result);
    return result;
}

std::string formatted(const char *format, va_list arguments) {
    char text[4096];
    std::vsnprintf(text, sizeof(text), format, arguments);
    return text;
}

} // namespace

void fuzz::free_all() {
    for (void *const allocation : allocations)
        std::free(allocation);
    allocations.clear();
}

extern "C" {

MemoryContext CurrentMemoryContext = nullptr;
volatile sig_atomic_t InterruptPending = 0;
void ProcessInterrupts(void) {}
void check_stack_depth(void) {}

void *palloc(Size size) { return allocate(size); }
void *MemoryContextAllocHuge(MemoryContext, Size size) { return allocate(size); }
void *MemoryContextAllocExtended(MemoryContext, Size size, int) {
    void *const result = allocate(size);
    std::memset(result, 0, size);
    return result;
}

bool errstart(int, const char *) { return true; }
bool errstart_cold(int, const char *) { return true; }
void errfinish(const char *, int, const char *) { throw fuzz::ServerError{message}; }
int errcode(int) { return 0; }
int errmsg(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    message = formatted(format, arguments);
    va_end(arguments);
    return 0;
}
int errdetail(const char *, ...) { return 0; }
int errhint(const char *, ...) { return 0; }
void ExceptionalCondition(const char *condition,
#if TVIEWS_PG_GE(16)
#else
                          const char *,
#endif
                          const char *file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
}

void initStringInfo(StringInfo out) {
    out->data = static_cast<char *>(allocate(1 << 16));
    out->data[0] = '\0';
    out->len = 0;
}
void appendBinaryStringInfo(StringInfo out,
#if TVIEWS_PG_GE(16)
                            const void *bytes,
#else
                            const char *bytes,
#endif
                            int length) {
    int const room = (1 << 16) - 1 - out->len;
    length = std::min(length, room);
    std::memcpy(out->data + out->len, bytes, static_cast<std::size_t>(length));
    out->data[out->len += length] = '\0';
}
void appendStringInfoChar(StringInfo out, char c) { appendBinaryStringInfo(out, &c, 1); }
void appendStringInfo(StringInfo out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::string const more = formatted(format, arguments);
    va_end(arguments);
    appendBinaryStringInfo(out, more.data(), static_cast<int>(more.size()));
}
char *psprintf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    std::string const printed = formatted(format, arguments);
    va_end(arguments);
    auto *const result = static_cast<char *>(allocate(printed.size() + 1));
    std::memcpy(result, printed.c_str(), printed.size() + 1);
    return result;
}

uint32 hash_bytes(const unsigned char *bytes, int length) {
    uint32 hash = 2166136261U;
    for (int i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 16777619U;
    return hash;
}

int varstr_cmp(const char *a, int a_length, const char *b, int b_length, Oid) {
    int const order = std::memcmp(a, b, static_cast<std::size_t>(std::min(a_length, b_length)));
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

// Only non-negative integers of up to four digits are sorted here: compare their one digit.
Datum numeric_cmp(PG_FUNCTION_ARGS) {
    auto const digit = [](Datum numeric) {
        const char *const bytes = DatumGetPointer(numeric);
        int16 result = 0;
        if (VARSIZE(bytes) > VARHDRSZ + 2)
            std::memcpy(&result, bytes + VARHDRSZ + 2, sizeof(result));
        return result;
    };
    PG_RETURN_INT32(digit(PG_GETARG_DATUM(0)) - digit(PG_GETARG_DATUM(1)));
}
Datum DirectFunctionCall2Coll(PGFunction function, Oid, Datum a, Datum b) {
    LOCAL_FCINFO(call, 2);
    call->args[0].value = a;
    call->args[1].value = b;
    return function(call);
}

// Scalars of different types, and whether containers are equal; equal containers are the same bytes in these tests.
int compareJsonbContainers(JsonbContainer *a, JsonbContainer *b) {
    auto const rank = [](const JsonbContainer *container) {
        if (!JsonContainerIsScalar(container))
            return 9U;
        switch (container->children[0] & JENTRY_TYPEMASK) {
        case JENTRY_ISNULL:
            return 0U;
        case JENTRY_ISSTRING:
            return 1U;
        case JENTRY_ISNUMERIC:
            return 2U;
        case JENTRY_ISBOOL_FALSE:
            return 3U;
        default:
            return 4U;
        }
    };
    if (rank(a) == 9 && rank(b) == 9)
        return 1;
    return static_cast<int>(rank(a)) - static_cast<int>(rank(b));
}

} // extern "C"
