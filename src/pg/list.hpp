// pg/list.hpp - ranges over List and expression walking with lambdas.
#pragma once

#include "pg/compat.hpp"

namespace tviews::pg {

// for (auto *rte : each<RangeTblEntry>(query->rtable)): a range over a pointer List; NIL is an empty range.
template <typename T> class ListRange {
  public:
    class Iterator {
      public:
        explicit Iterator(const ListCell *cell) noexcept : cell_(cell) {}
        T *operator*() const noexcept { return static_cast<T *>(lfirst(cell_)); }
        Iterator &operator++() noexcept {
            ++cell_;
            return *this;
        }
        bool operator!=(const Iterator &other) const noexcept { return cell_ != other.cell_; }

      private:
        const ListCell *cell_;
    };
    explicit ListRange(const List *list) noexcept : list_(list) {}
    Iterator begin() const noexcept { return Iterator(list_ ? list_->elements : nullptr); }
    Iterator end() const noexcept { return Iterator(list_ ? list_->elements + list_->length : nullptr); }

  private:
    const List *list_;
};
template <typename T> ListRange<T> each(const List *list) noexcept { return ListRange<T>(list); }

// The same for integer and oid lists.
template <typename F> void each_int(const List *list, F &&visit) {
    for (int i = 0; i < list_length(list); i++)
        visit(list_nth_int(list, i));
}
template <typename F> void each_oid(const List *list, F &&visit) {
    for (int i = 0; i < list_length(list); i++)
        visit(list_nth_oid(list, i));
}

// Walks an expression or Query tree. visit(node) is called for every node before its children; it returns
// true to skip the children of that node. Sub-Queries are entered when `into_queries`.
// visit may ereport; it must not throw.
template <typename F> void walk(Node *node, F &visit, bool into_queries = true) {
    struct Walker {
        F *visit;
        bool into_queries;
        static bool step(Node *current, void *raw) {
            auto *self = static_cast<Walker *>(raw);
            if (current == nullptr)
                return false;
            if ((*self->visit)(current))
                return false;
            if (IsA(current, Query))
                return self->into_queries && query_tree_walker(reinterpret_cast<Query *>(current),
                                                               TVIEWS_WALKER(&Walker::step), raw, 0);
            return expression_tree_walker(current, TVIEWS_WALKER(&Walker::step), raw);
        }
    };
    Walker walker{&visit, into_queries};
    Walker::step(node, &walker);
}

} // namespace tviews::pg
