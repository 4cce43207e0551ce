// connection.cpp - libpq calls behind connection.hpp: results, COPY in both directions, notices.

#include "connection.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>
#include <utility>

namespace oracle {

namespace {

struct Clear {
    void operator()(PGresult *result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

std::string field(const PGresult *result, int code) {
    const char *text = PQresultErrorField(result, code);
    return text == nullptr ? "" : text;
}

} // namespace

Connection::Connection(std::string conninfo, int seconds) {
    for (int attempt = 0;; ++attempt) {
        connection_.reset(PQconnectdb(conninfo.c_str()));
        if (PQstatus(connection_.get()) == CONNECTION_OK)
            break;
        if (attempt >= seconds * 5)
            throw std::runtime_error(PQerrorMessage(connection_.get()));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
    PQsetNoticeReceiver(connection_.get(), receive_notice, notices_.get());
}

void Connection::receive_notice(void *self, const PGresult *result) {
    static_cast<std::vector<Notice> *>(self)->push_back({field(result, PG_DIAG_SEVERITY_NONLOCALIZED),
                                                         field(result, PG_DIAG_SQLSTATE),
                                                         field(result, PG_DIAG_MESSAGE_PRIMARY)});
}

void Connection::collect(Answer &answer, PGresult *result) {
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        for (int row = 0; row < PQntuples(result); ++row) {
            std::string line;
            for (int column = 0; column < PQnfields(result); ++column) {
                line += column > 0 ? "\t" : "";
                line += PQgetisnull(result, row, column) != 0 ? "\\N" : PQgetvalue(result, row, column);
            }
            answer.rows.push_back(std::move(line));
        }
        [[fallthrough]];
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        answer.tag = PQcmdStatus(result);
        break;
    case PGRES_COPY_OUT: {
        char *buffer = nullptr;
        for (int length; (length = PQgetCopyData(connection_.get(), &buffer, 0)) > 0; PQfreemem(buffer))
            answer.rows.emplace_back(buffer, static_cast<std::size_t>(length));
        break;
    }
    default:
        answer.ok = false;
        answer.sqlstate = field(result, PG_DIAG_SQLSTATE);
        answer.message = PQresultErrorMessage(result);
        if (const std::string context = field(result, PG_DIAG_CONTEXT);
            !context.empty() && answer.message.find(context) == std::string::npos)
            answer.message += "CONTEXT: " + context + "\n";
        break;
    }
}

Answer Connection::execute(const std::string &sql, const std::string *copy_data) {
    Answer answer;
    answer.ok = true;
    notices_->clear();
    if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
        answer.ok = false;
        answer.message = PQerrorMessage(connection_.get());
    }
    while (PGresult *raw = PQgetResult(connection_.get())) {
        const ResultPtr result(raw);
        if (PQresultStatus(raw) == PGRES_COPY_IN) {
            static const std::string nothing;
            const std::string &data = copy_data == nullptr ? nothing : *copy_data;
            PQputCopyData(connection_.get(), data.data(), static_cast<int>(data.size()));
            PQputCopyEnd(connection_.get(), nullptr);
            continue;
        }
        collect(answer, raw);
        if (PQstatus(connection_.get()) != CONNECTION_OK)
            break;
    }
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        answer.ok = false;
        answer.lost = true;
        if (answer.message.empty())
            answer.message = PQerrorMessage(connection_.get());
    }
    answer.notices = std::exchange(*notices_, {});
    return answer;
}

std::string Connection::value(const std::string &sql) {
    const Answer answer = execute(sql);
    if (!answer.ok)
        throw std::runtime_error(answer.message + "in: " + sql);
    return answer.rows.empty() ? "" : answer.rows.front();
}

void Connection::must(const std::string &sql) { value(sql); }

} // namespace oracle
