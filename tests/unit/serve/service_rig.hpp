// The whole HTTP surface without a socket: a fake engine, a real loop and a real worker.
#pragma once

#include "agent/serve/live_service.hpp"
#include "tests/unit/serve/query_rig.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <expected>
#include <latch>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace sfb::serve::testing {

namespace asio = boost::asio;

inline constexpr const char* kQuery = "/api/v1/Get-CsBackupServiceStatus";
inline constexpr const char* kPool = "atl-cs-001.litwareinc.com";  // healthy in snapshots.hpp

class FakeClock final : public Clock {
 public:
  Now now() const override { return {kEvaluated, kMade + std::chrono::seconds(5)}; }
};

/// Engine and board in one, as in the product.
class FakeEngine final : public status::Evaluator, public status::Board {
 public:
  void evaluate(const status::Question& question, status::Wish wish, std::stop_token /*stop*/,
                status::AnswerCallback callback) override {
    questions.push_back(question);
    wishes.push_back(std::move(wish));
    if (hold) {
      held.push_back(std::move(callback));
    } else {
      callback(outcome);
    }
  }
  status::SnapshotPtr snapshot() override { return current; }
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& pool) override {
    if (pool.str() != kPool) {
      return std::nullopt;
    }
    status::HistoryEntry entry;
    entry.id = 42;
    entry.good = true;
    entry.request_id = "night-1";
    return std::vector<status::HistoryEntry>{entry};
  }
  bool first_cycle_done() const override { return ready; }

  std::vector<status::Question> questions;
  std::vector<status::Wish> wishes;
  std::expected<status::Answer, status::Refusal> outcome =
      status::Answer{shared(good_evaluation(kPool)), status::Source::live};
  bool hold = false;
  std::vector<status::AnswerCallback> held;
  bool ready = true;
  status::SnapshotPtr current = std::make_shared<const status::Snapshot>(six_pools());
};

/// Keeps what was logged, as `event key=value ...`.
class LineSink final : public LogSink {
 public:
  void write(LogLevel, std::string_view source, std::string_view event,
             std::span<const LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + field.value;
    }
    (source == "access" ? queries : lines).push_back(std::move(line));
  }
  std::vector<std::string> lines;
  std::vector<std::string> queries;  ///< those of the access log
};

inline ServiceOptions service_options() {
  ServiceOptions options;
  options.access = {Anonymous::loopback, {"localhost", "127.0.0.1"}};
  options.config_yaml = "pools: [] # one\n";
  options.query_timeout = std::chrono::seconds(60);
  return options;
}

class ServiceTest : public ::testing::Test {
 protected:
  std::size_t start(http::Request request) {
    const std::size_t place = answers_.size();
    answers_.emplace_back();
    asio::co_spawn(io_, service_.handle(std::make_shared<const http::Request>(std::move(request))),
                   [this, place](const std::exception_ptr& failure, http::Response response) {
                     ASSERT_FALSE(failure);
                     answers_[place] = std::move(response);
                   });
    return place;
  }
  http::Response result(std::size_t place) {
    EXPECT_TRUE(answers_.at(place).has_value()) << "no answer";
    return answers_.at(place).value_or(http::Response{});
  }
  http::Response ask(http::Request request) {
    const std::size_t place = start(std::move(request));
    io_.restart();
    io_.run();
    return result(place);
  }
  http::Response query(const std::string& parameters = {}, std::vector<http::Header> headers = {}) {
    return ask(get(kQuery, std::string("PoolFqdn=") + kPool + parameters, std::move(headers)));
  }
  std::string metrics() { return body_of(ask(get("/metrics", ""))); }
  static std::string counted(const std::string& path, int code) {
    return "sfb_backup_exporter_http_requests_total{code=\"" + std::to_string(code) + "\",path=\"" +
           path + "\"} ";
  }

  /// Of the readers that are slow, if there are any.
  bool cut_slow_reader() {
    if (slow_readers_.empty()) {
      return false;
    }
    slow_readers_.pop_back();
    return true;
  }

  asio::io_context io_;
  std::vector<http::Response> slow_readers_;
  std::shared_ptr<LineSink> sink_ = std::make_shared<LineSink>();
  FakeClock clock_;
  FakeEngine engine_;
  std::shared_ptr<SelfMetrics> self_ =
      std::make_shared<SelfMetrics>(BuildInfo{"0.1.0", "test", "clang"});
  std::latch release_{1};
  std::vector<std::optional<http::Response>> answers_;
  net::WorkerPool cpu_{"cpu", 1, 1};
  net::WorkerPool logins_{"logins", 1, 1};
  access::BasicUsers users_{io_.get_executor(), logins_};
  Service service_{{engine_, engine_, self_, cpu_, cpu_, users_, clock_,
                    Logger(sink_, LogLevel::info, "http"), "0.1.0", io_.get_executor(),
                    [this] { return cut_slow_reader(); }, std::chrono::milliseconds(1)},
                   service_options()};
};

}  // namespace sfb::serve::testing
