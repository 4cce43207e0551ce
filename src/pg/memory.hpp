// pg/memory.hpp - memory contexts for C++: a container allocator, objects with a destructor, a scoped switch.
//
// Everything the backend zone allocates lives in a MemoryContext, so an error that jumps over destructors leaks
// nothing: the context goes away with its transaction. A container must not outlive its context.
#pragma once

#include "pg/postgres.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace tviews::pg {

// Allocates in the context that was current when the container was made. May ereport (out of memory).
template <typename T> class ContextAllocator {
  public:
    using value_type = T;
    ContextAllocator() noexcept : context_(CurrentMemoryContext) {}
    explicit ContextAllocator(MemoryContext context) noexcept : context_(context) {}
    template <typename U>
    ContextAllocator(const ContextAllocator<U> &other) noexcept : context_(other.context()) {}

    T *allocate(std::size_t count) {
        static_assert(alignof(T) <= MAXIMUM_ALIGNOF);
        return static_cast<T *>(MemoryContextAllocHuge(context_, count * sizeof(T)));
    }
    void deallocate(T *pointer, std::size_t) noexcept { pfree(pointer); }
    MemoryContext context() const noexcept { return context_; }

    template <typename U> bool operator==(const ContextAllocator<U> &other) const noexcept {
        return context_ == other.context();
    }

  private:
    MemoryContext context_;
};

template <typename T> using vector = std::vector<T, ContextAllocator<T>>;
using string = std::basic_string<char, std::char_traits<char>, ContextAllocator<char>>;
template <typename K, typename V>
using hash_map =
    std::unordered_map<K, V, std::hash<K>, std::equal_to<K>, ContextAllocator<std::pair<const K, V>>>;

// Constructs an object in `context`; its destructor runs when the context is reset or deleted. The allocation and
// the callback come first, the construction second, the registration last, so nothing can fail half-way.
template <typename T, typename... Args> T *make_in(MemoryContext context, Args &&...args) {
    struct Block {
        MemoryContextCallback callback;
        alignas(MAXIMUM_ALIGNOF) unsigned char storage[sizeof(T)];
    };
    auto *block = static_cast<Block *>(MemoryContextAlloc(context, sizeof(Block)));
    MemoryContext const old = MemoryContextSwitchTo(context);
    auto *object = ::new (static_cast<void *>(block->storage)) T(std::forward<Args>(args)...);
    MemoryContextSwitchTo(old);
    if constexpr (!std::is_trivially_destructible_v<T>) {
        block->callback.func = [](void *arg) noexcept { static_cast<T *>(arg)->~T(); };
        block->callback.arg = object;
        MemoryContextRegisterResetCallback(context, &block->callback);
    }
    return object;
}

// Makes `context` current for a block. Abandoned by an error, it does no harm: the handler switches anyway.
class ScopedContext {
  public:
    explicit ScopedContext(MemoryContext context) noexcept : old_(MemoryContextSwitchTo(context)) {}
    ~ScopedContext() { MemoryContextSwitchTo(old_); }
    ScopedContext(const ScopedContext &) = delete;
    ScopedContext &operator=(const ScopedContext &) = delete;

  private:
    MemoryContext old_;
};

} // namespace tviews::pg
