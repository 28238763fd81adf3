// A core with a fake clock and hands: launches are recorded, tests finish them.
#pragma once

#include "agent/engine/core.hpp"
#include "agent/remote/transport.hpp"
#include "tests/unit/collectors/objects.hpp"
#include "tests/unit/status/evaluations.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::engine::testing {

using namespace std::chrono_literals;
using status::testing::fqdn;
using status::testing::question;
using status::testing::shown;
using status::testing::status_of;

/// Never asked: the core only hands it to the shell.
class FakeTransport final : public remote::Transport {
 public:
  Status can_ask(const remote::Ask& ask) const override {
    if (!ask.category.empty() && !categories) {
      return fail(Reason::protocol, "file.cannot_ask", "no categories here");
    }
    return {};
  }
  boost::asio::awaitable<Result<remote::Reply>> ask(remote::Ask, MonoTime) override {
    co_return fail(Reason::internal, "test.asked", "the core must not ask");
  }
  void on_change(OnChange callback) override {
    changed = std::move(callback);
    ++on_change_calls;
  }
  void add_pool(const Fqdn& pool, std::string_view collector) override {
    pools.push_back(name_of(pool, collector));
  }
  void remove_pool(const Fqdn& pool, std::string_view collector) override {
    std::erase(pools, name_of(pool, collector));
  }
  void recall(const Fqdn& pool, std::string_view collector, WallTime date, WallTime seen) override {
    recalled.emplace_back(name_of(pool, collector), std::pair(date, seen));
  }
  bool uses_backoff() const override { return backoff; }
  bool can_render() const override { return renders; }
  void on_credentials(std::function<void(std::uint64_t)> callback) override {
    new_credentials = std::move(callback);
  }

  std::optional<std::uint64_t> secret() const override { return read; }
  void refresh(std::optional<std::uint64_t> secret) override {
    ++refreshed;
    known = secret;
  }

  std::vector<std::pair<std::string, std::pair<WallTime, WallTime>>> recalled;
  bool categories = true;
  bool backoff = true;
  bool renders = true;
  int on_change_calls = 0;
  int refreshed = 0;
  std::optional<std::uint64_t> read;   ///< the password's number, as if it had been read
  std::optional<std::uint64_t> known;  ///< of the last `refresh`
  OnChange changed;
  std::function<void(std::uint64_t)> new_credentials;
  std::vector<std::string> pools;  ///< with the collector, unless it is the pool's status

 private:
  static std::string name_of(const Fqdn& pool, std::string_view collector) {
    return collector == remote::kDefaultCollector ? pool.str()
                                                  : pool.str() + " " + std::string(collector);
  }
};

/// Keeps events as `level event key=value ...`.
class MemorySink final : public LogSink {
 public:
  void write(LogLevel level, std::string_view, std::string_view event,
             std::span<const LogField> fields) override {
    std::string line = std::string(to_string(level)) + " " + std::string(event);
    for (const LogField& field : fields) {
      line += " " + std::string(field.key) + "=" + field.value;
    }
    lines.push_back(std::move(line));
  }
  std::size_t count(std::string_view part) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(lines, [&](const std::string& line) { return line.contains(part); }));
  }
  std::vector<std::string> lines;
};

/// What one caller heard.
struct Heard {
  int calls = 0;
  std::optional<std::expected<status::Answer, status::Refusal>> said;
  bool answered() const { return said && said->has_value(); }
  const status::Answer& answer() const { return said->value(); }
  const status::Refusal& refusal() const { return said->error(); }
  std::string code() const {
    return !said ? "nothing" : said->has_value() ? "answer" : said->error().error.code;
  }
};

inline remote::Reply reply(Now now, std::string words = "A.B:[FinalState,NormalState]",
                           std::chrono::nanoseconds age = 0s) {
  remote::Reply made;
  made.result = pack(
      collectors::testing::answer_with([&](Graph&) { return Value::string(std::move(words)); }));
  made.made_at = now.wall - std::chrono::duration_cast<Micros>(age);
  made.age = age;
  return made;
}

inline Result<remote::Reply> failure(Reason reason) {
  return fail(reason, "test.failure", "it failed", "repair it");
}

class Rig {
 public:
  /// `later`: the process begins that long after the others did.
  explicit Rig(status::Keeper* kept_by = nullptr, std::chrono::seconds later = 0s)
      : keeper(kept_by) {
    clock.advance(later);
    configure();
  }

  /// Applies `options` as they stand.
  void configure() {
    if (options.endpoints.empty()) {
      add_endpoint("one");
      add_pool("a.x", "one");
    }
    core.apply(options);
  }
  FakeTransport& add_endpoint(const std::string& name, std::size_t max_concurrent = 1) {
    transports[name] = std::make_shared<FakeTransport>();
    options.endpoints.push_back({name, transports[name], max_concurrent, "id-" + name});
    return *transports[name];
  }
  PoolOptions& add_pool(const std::string& name, const std::string& endpoint) {
    PoolOptions pool{status::testing::identity(name)};
    pool.identity.endpoint = endpoint;
    options.pools.push_back(std::move(pool));
    return options.pools.back();
  }

  /// Lets time pass, ticking at every moment the core asked for.
  void pass(std::chrono::nanoseconds time) {
    const MonoTime end = clock.now().mono + time;
    while (true) {
      const auto next = core.next_wakeup();
      if (!next || *next > end) {
        break;
      }
      clock.advance(std::max(*next - clock.now().mono, std::chrono::nanoseconds(0)));
      core.tick();
    }
    clock.advance(end - clock.now().mono);
  }
  /// Until a run is launched; fails the test when none is within the limit.
  bool pass_until_launch(std::chrono::nanoseconds limit = 10min) {
    const std::size_t before = launched;
    const MonoTime end = clock.now().mono + limit;
    while (launched == before && clock.now().mono < end) {
      pass(100ms);
    }
    return launched != before;
  }

  std::shared_ptr<Heard> ask(status::Question question, status::Wish wish = {},
                             std::stop_token stop = {}) {
    auto heard = std::make_shared<Heard>();
    if (wish.deadline == MonoTime{}) {
      wish.deadline = clock.now().mono + 60s;
    }
    core.evaluate(question, std::move(wish), std::move(stop), [heard](auto said) {
      ++heard->calls;
      heard->said = std::move(said);
    });
    return heard;
  }
  static status::Question scheduled(std::string_view pool = "a.x") { return {fqdn(pool)}; }
  static status::Question category(std::string_view category, std::string_view pool = "a.x") {
    return question(pool, {{"Category", std::string(category)}});
  }

  bool is_running(std::string_view pool) const {
    return std::ranges::any_of(
        open, [&](const auto& entry) { return entry.second.ask.pool.str() == pool; });
  }
  /// Ends the oldest run, or the oldest of that pool.
  void finish(Result<remote::Reply> result, std::string_view pool = {}) {
    const auto found = std::ranges::find_if(open, [&](const auto& entry) {
      return pool.empty() || entry.second.ask.pool.str() == pool;
    });
    if (found == open.end()) {
      throw std::logic_error("nothing runs");
    }
    const JobId job = found->first;
    open.erase(found);
    core.finished(job, std::move(result));
  }
  void finish_good(std::string words = "A.B:[FinalState,NormalState]") {
    finish(reply(clock.now(), std::move(words)));
  }
  /// Starts and ends the first scheduled run.
  void first_run() {
    core.start();
    if (!pass_until_launch()) {
      throw std::logic_error("no first run");
    }
    finish_good();
  }
  status::PoolSnapshotPtr pool(std::size_t index = 0) { return core.snapshot()->pools.at(index); }

  status::Keeper* keeper;
  status::testing::FakeClock clock;
  std::shared_ptr<MemorySink> log = std::make_shared<MemorySink>();
  std::map<std::string, std::shared_ptr<FakeTransport>> transports;
  Options options;
  std::map<JobId, Launch> open;  ///< launched, not finished
  std::vector<JobId> cancelled;
  std::vector<std::shared_ptr<remote::TransportControl>> retired;
  std::size_t launched = 0;
  Core core{clock, Logger(log, LogLevel::debug, "engine"),
            Hooks{[this](Launch launch) {
                    ++launched;
                    const JobId job = launch.job;
                    open.emplace(job, std::move(launch));
                  },
                  [this](JobId job) { cancelled.push_back(job); },
                  [this](const Fqdn& pool, std::string_view collector) {
                    core.content_changed(pool, collector);
                  },
                  [this](EndpointId endpoint, std::uint64_t secret) {
                    core.credentials_changed(endpoint, secret);
                  },
                  [this](std::shared_ptr<remote::TransportControl> transport) {
                    retired.push_back(std::move(transport));
                  },
                  keeper}};
};

}  // namespace sfb::engine::testing
