// definition/path_search.hpp - the state of one path search; the essay is in paths.cpp. Private to the module.
#pragma once

#include "definition/paths.hpp"

namespace tviews::definition {

// A way out of a level, in terms of its output columns: Vars of `rel`.
struct Exit {
    int rel;             // stands for the level's output
    List *unit = NIL;    // the key: Vars of rel
    List *clauses = NIL; // or conjuncts that lead to `near`
    Stop *near = nullptr;
    List *filters = NIL; // hold for the rows that take this exit
};

struct Candidate {
    List *clauses = NIL;
    Stop *near = nullptr;
    Stop *key = nullptr;
    List *filters = NIL;
    int cost = 0;
};

inline constexpr int cost_equality = 1;
inline constexpr int cost_helper = 20;
inline constexpr int cost_other = 100;

class Search {
  public:
    Search(Scope &scope, Paths &paths) : scope_(scope), paths_(paths) { stops_.resize(512, nullptr); }

    void enter(Level &level, const pg::vector<Exit> &exits);

  private:
    void place(Level &level, const pg::vector<Exit> &exits, bool record);
    void route(Level &level, const pg::vector<Exit> &exits);
    bool better(const Candidate &candidate, const Candidate &best) const {
        return (candidate.near != nullptr || candidate.key != nullptr) &&
               ((best.near == nullptr && best.key == nullptr) || candidate.cost < best.cost);
    }
    void consider_exit(int rel, const Exit &exit, Level &level, Candidate &best);
    void consider_clauses(int rel, List *clauses, Candidate &best);
    void consider_inner(int rel, Level &level, Candidate &best);
    bool correlated(Level &inner, Candidate &best);
    Stop *near_for(Node *clause, int far, Node **rewritten, int *cost);
    Stop *inner_stop(int rel, Node *clause, Node **rewritten);
    void take(int rel, const Candidate &candidate);
    void all_keys(Level &level, const char *reason);
    void descend(Level &level, const pg::vector<Exit> &exits);
    void place_sublinks(Level &level);
    bool exit_transparent(const Level &level, const Exit &exit, Exit *usable) const;
    bool by_partition(Level &level, const pg::vector<Exit> &exits);
    Stop *partition_alias(Level &level, const Exit &exit, List *columns);
    Stop *partition_rows(Level &level, const Exit &exit, List *originals);
    void place_partition(Level &level, Stop *onward, List *clauses, List *filters);
    bool self_contained(Query *query) const;
    Stop *&stop(int rel) {
        if (static_cast<std::size_t>(rel) >= stops_.size())
            stops_.resize(static_cast<std::size_t>(rel) * 2, nullptr);
        return stops_[static_cast<std::size_t>(rel)];
    }

    Scope &scope_;
    Paths &paths_;
    pg::vector<Stop *> stops_; // by rel: where the current placement of its level put it
    pg::vector<Candidate> routed_ = pg::vector<Candidate>(); // by rel, for sub rels: how they were reached
};

inline List *clause_list(const Exit &exit) { return exit.unit != NIL ? exit.unit : exit.clauses; }

} // namespace tviews::definition
