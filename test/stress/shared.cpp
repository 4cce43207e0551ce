// shared.cpp - gate, logs, history, verdict. See shared.hpp.

#include "shared.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

namespace stress {

namespace {

const auto start = std::chrono::steady_clock::now();

std::int64_t microseconds() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start)
        .count();
}

} // namespace

bool Gate::pass() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (closed_) {
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !closed_ || over_; });
        --waiting_;
    }
    return !over_;
}

bool Gate::close(int seconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    closed_ = true;
    return changed_.wait_for(lock, std::chrono::seconds(seconds), [&] { return waiting_ == sessions_; });
}

void Gate::open() {
    const std::lock_guard<std::mutex> guard(mutex_);
    closed_ = false;
    changed_.notify_all();
}

void Gate::end() {
    const std::lock_guard<std::mutex> guard(mutex_);
    over_ = true;
    changed_.notify_all();
}

void Log::add(const std::string &who, const std::string &line) {
    const std::lock_guard<std::mutex> guard(mutex_);
    lines_.emplace_back(microseconds(), who + ": " + line);
    if (lines_.size() > 4000)
        lines_.pop_front();
}

std::vector<std::pair<std::int64_t, std::string>> Log::lines() const {
    const std::lock_guard<std::mutex> guard(mutex_);
    return {lines_.begin(), lines_.end()};
}

void Shared::fail(const std::string &title, const std::string &text) {
    const std::lock_guard<std::mutex> guard(mutex);
    const int number = ++failures;
    fmt::print("\nFAILURE {}: {}\n{}\n", number, title, text);
    std::fflush(stdout);
    if (!options.keep_going)
        over = true;
    if (number > 20)
        return;
    std::vector<std::pair<std::int64_t, std::string>> all;
    for (const Log &log : logs) {
        const auto lines = log.lines();
        all.insert(all.end(), lines.begin(), lines.end());
    }
    std::sort(all.begin(), all.end());
    std::filesystem::create_directories(options.out);
    const std::string path = fmt::format("{}/failure-{}.log", options.out, number);
    std::ofstream file(path);
    file << title << "\n" << text << "\nrun's seed " << options.seed << "\n\n";
    for (const auto &[time, line] : all)
        file << fmt::format("{:12.6f} {}\n", static_cast<double>(time) / 1e6, line);
    fmt::print("statements of all sessions: {}\n", path);
    std::fflush(stdout);
}

void History::settle(const std::vector<std::string> &elements, char outcome) {
    const std::lock_guard<std::mutex> guard(mutex_);
    for (const auto &element : elements)
        outcomes_[element] = outcome;
    if (outcome == 'c')
        committed_ += elements.size();
}

void History::prepared(const std::string &gid, const std::vector<std::string> &elements) {
    const std::lock_guard<std::mutex> guard(mutex_);
    prepared_[gid] = elements;
}

void History::refused(const std::string &gid) {
    const std::lock_guard<std::mutex> guard(mutex_);
    prepared_.erase(gid);
}

void History::finished(const std::string &gid, bool committed) {
    const std::lock_guard<std::mutex> guard(mutex_);
    finished_[gid] = committed;
}

void History::read(int document, std::string log) {
    const std::lock_guard<std::mutex> guard(mutex_);
    reads_.emplace(document, std::move(log));
}

void History::clear() {
    const std::lock_guard<std::mutex> guard(mutex_);
    outcomes_.clear();
    prepared_.clear();
    finished_.clear();
    reads_.clear();
}

std::string History::check(oracle::Connection &connection) {
    const std::lock_guard<std::mutex> guard(mutex_);
    // A gid nobody finished was never prepared.
    for (const auto &[gid, elements] : prepared_) {
        const auto found = finished_.find(gid);
        const bool committed = found != finished_.end() && found->second;
        for (const auto &element : elements)
            outcomes_[element] = committed ? 'c' : 'a';
        committed_ += committed ? elements.size() : 0;
    }
    prepared_.clear();
    finished_.clear();

    std::string out;
    for (const char *list : {"log", "entries"}) {
        const auto answer = connection.execute(fmt::format(
            "SELECT e, count(*) FROM stress.tv_doc, jsonb_array_elements_text(data->'{}') e GROUP BY e",
            list));
        if (!answer.ok)
            return answer.message;
        std::map<std::string, int> present;
        for (const auto &row : answer.rows)
            present[row.substr(0, row.find('\t'))] = std::stoi(row.substr(row.find('\t') + 1));
        for (const auto &[element, outcome] : outcomes_) {
            const auto found = present.find(element);
            const int times = found == present.end() ? 0 : found->second;
            const bool good = outcome == 'c' ? times == 1 : outcome == 'a' ? times == 0 : times <= 1;
            if (!good)
                out += fmt::format("  element {} ({}) is {} times in data->'{}'\n", element,
                                   outcome == 'c'   ? "committed"
                                   : outcome == 'a' ? "rolled back"
                                                    : "outcome unknown",
                                   times, list);
        }
        for (const auto &[element, times] : present)
            if (!outcomes_.contains(element))
                out += fmt::format("  element {} in data->'{}' was appended by nobody\n", element, list);
    }
    std::map<int, std::string> last;
    const auto logs = connection.execute("SELECT pk_doc, (SELECT coalesce(string_agg(e || ',', '' ORDER BY "
                                         "n), '') FROM jsonb_array_elements_text("
                                         "data->'log') WITH ORDINALITY x (e, n)) FROM stress.tv_doc");
    for (const auto &row : logs.rows)
        last[std::stoi(row)] = row.substr(row.find('\t') + 1);
    for (const auto &[document, log] : reads_)
        if (!last[document].starts_with(log))
            out += fmt::format("  document {}: somebody read {} which is no beginning of {}\n", document, log,
                               last[document]);
    reads_.clear();
    return out;
}

} // namespace stress
