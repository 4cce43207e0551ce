// connection.hpp - one libpq connection: a statement in, its answer as plain values out.
//
// Errors are values here, not exceptions: whether an error is right is for the runner to judge. A lost connection is
// an answer too (Answer::lost), because a server crash is a finding, not an accident.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <libpq-fe.h>

namespace oracle {

struct Notice {
    std::string severity;
    std::string sqlstate;
    std::string message;
};

struct Answer {
    bool ok = false;
    bool lost = false;
    std::string sqlstate;          // of an error
    std::string message;           // with detail and context
    std::string tag;               // UPDATE 3
    std::vector<std::string> rows; // fields joined by tabs, NULL as \N
    std::vector<Notice> notices;
};

class Connection {
  public:
    // Throws std::runtime_error when no connection can be made within `seconds` (a crashed server restarts).
    Connection(std::string conninfo, int seconds = 60);

    Answer execute(const std::string &sql, const std::string *copy_data = nullptr);
    // Executes and returns the first field; throws on an error. For the runner's own questions.
    std::string value(const std::string &sql);
    void must(const std::string &sql);

    [[nodiscard]] PGTransactionStatusType status() const { return PQtransactionStatus(connection_.get()); }
    [[nodiscard]] int server_version() const { return PQserverVersion(connection_.get()); }

  private:
    struct Finish {
        void operator()(PGconn *connection) const { PQfinish(connection); }
    };
    static void receive_notice(void *self, const PGresult *result);
    void collect(Answer &answer, PGresult *result);

    std::unique_ptr<PGconn, Finish> connection_;
    std::unique_ptr<std::vector<Notice>> notices_ = std::make_unique<std::vector<Notice>>();
};

} // namespace oracle
