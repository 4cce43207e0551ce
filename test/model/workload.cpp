// workload.cpp - see workload.hpp. Two values for keys and links: everybody meets everybody.
#include "workload.hpp"

namespace model {

const std::array<Mix, 6> mixes{{
    {"writes only"},
    {"reads and savepoints", 0.4, 0.3},
    {"isolation levels", 0.4, 0.2, 0.5},
    {"escalation and collapse", 0, 0, 0, 0.6},
    {"all of it", 0.3, 0.2, 0.4, 0.5, 0.1, 0.1},
    {"full refreshes and arrivals", 0.1, 0, 0, 0.3, 0.3, 0.3},
}};

namespace {

constexpr int used = 2;

class Generator {
  public:
    Generator(const Shape &shape, const Mix &mix, Random &random) : mix_(mix), random_(random) {
        work_.shape = &shape;
    }

    Workload run() {
        start();
        const int count = chance(0.35) ? 3 : 2;
        for (int i = 0; i < count; ++i)
            work_.programs.push_back(program());
        return std::move(work_);
    }

  private:
    int below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }
    bool chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }
    std::int16_t link() { return chance(0.13) ? null : static_cast<std::int16_t>(below(used)); }

    Row row(int table, int slot) {
        const auto t = static_cast<std::size_t>(table);
        Row row;
        row.exists = 1;
        row.column[key_column] = static_cast<std::int16_t>(slot);
        for (int column : work_.shape->links[t])
            row.column[static_cast<std::size_t>(column)] = link();
        if (work_.shape->filtered[t])
            row.column[filter_column] = chance(0.75);
        row.column[payload_column] = payload_++;
        return row;
    }

    void start() {
        for (int table = 0; table < work_.shape->base_tables; ++table)
            for (int slot = 0; slot < used; ++slot)
                if (chance(0.7))
                    work_.start[static_cast<std::size_t>(table)][static_cast<std::size_t>(slot)] =
                        row(table, slot);
        const auto rows = [&](int table, int slot) -> const Row & {
            return work_.start[static_cast<std::size_t>(table)][static_cast<std::size_t>(slot)];
        };
        for (const View &view : work_.shape->views)
            for (int key = 0; key < slots; ++key) {
                const int content = document(view, key, rows);
                if (content < 0)
                    continue;
                Row &row = work_.start[static_cast<std::size_t>(view.table)][static_cast<std::size_t>(key)];
                row.exists = 1;
                row.column[key_column] = static_cast<std::int16_t>(key);
                row.column[payload_column] = static_cast<std::int16_t>(content);
            }
    }

    Operation write() {
        Operation operation;
        operation.table = below(work_.shape->base_tables);
        operation.slot = below(used);
        const auto table = static_cast<std::size_t>(operation.table);
        const bool there = work_.start[table][static_cast<std::size_t>(operation.slot)].exists;
        if (!there) {
            operation.kind = chance(mix_.arrivals) ? Kind::arrive : Kind::insert;
            operation.row = row(operation.table, operation.slot);
            return operation;
        }
        if (chance(0.12)) {
            operation.kind = Kind::remove;
            return operation;
        }
        operation.kind = Kind::update;
        const std::vector<int> &links = work_.shape->links[table];
        if (!links.empty() && chance(0.5)) {
            operation.column = links[static_cast<std::size_t>(below(static_cast<int>(links.size())))];
            operation.value = link();
        } else if (work_.shape->filtered[table] && chance(0.3)) {
            operation.column = filter_column;
            operation.value = static_cast<std::int16_t>(below(2));
        } else if (chance(0.15)) {
            operation.column = key_column;
            operation.value = static_cast<std::int16_t>(below(used));
        } else {
            operation.column = payload_column;
            operation.value = payload_++;
        }
        return operation;
    }

    Program program() {
        Program program;
        program.repeatable_read = chance(mix_.repeatable_read);
        program.rolls_back = chance(0.08);
        if (chance(mix_.few))
            program.collapse = below(2);
        if (chance(mix_.few))
            program.escalate = below(2);
        const int count = 1 + below(2);
        const int savepoint = chance(mix_.savepoints) ? below(count) : -1;
        for (int i = 0; i < count; ++i) {
            if (i == savepoint)
                add(program, Kind::savepoint);
            // A full refresh is of the latest state: an old snapshot would see it with other eyes.
            if (!program.repeatable_read && chance(mix_.refreshes)) {
                Operation refresh;
                refresh.kind = Kind::refresh;
                refresh.table = below(static_cast<int>(work_.shape->views.size()));
                program.operations.push_back(refresh);
            }
            program.operations.push_back(write());
            if (chance(mix_.reads))
                add(program, Kind::read);
        }
        if (savepoint >= 0)
            add(program, Kind::rollback_to);
        if (savepoint >= 0 && chance(0.4))
            program.operations.push_back(write());
        return program;
    }

    static void add(Program &program, Kind kind) {
        Operation operation;
        operation.kind = kind;
        program.operations.push_back(operation);
    }

    const Mix &mix_;
    Random &random_;
    Workload work_;
    std::int16_t payload_ = 1;
};

} // namespace

Workload random_workload(const Shape &shape, const Mix &mix, Random &random) {
    return Generator(shape, mix, random).run();
}

} // namespace model
