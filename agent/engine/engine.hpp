// The one engine: schedules every pool, queues and backs off per endpoint, joins equal questions,
// and keeps what is known. It implements Evaluator and Board. The machines it drives are pure
// (activity.hpp, status/knowledge.hpp).
#pragma once

#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/transport.hpp"
#include "agent/status/board.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sfb::engine {

/// One endpoint with its way to the servers.
struct EndpointOptions {
  std::string name;
  std::shared_ptr<remote::Transport> transport;
  std::size_t max_concurrent = 1;
  /// Changes when address or credentials change: then its pools start anew (generation), else their
  /// knowledge stays over a reload.
  std::string identity;
  /// Endpoints with the same text log on with the same user name and password. Empty: with none.
  std::string account = {};
  /// Everything that `transport` was made of. While it stays, a reload keeps the transport in use,
  /// with its sessions, and drops the new one. Empty: every reload brings a new one.
  std::string settings = {};
  /// What of it decides whether the servers let us in, names left out. While it stays, back-off
  /// lasts over a reload, also under another name. Empty: every reload ends it.
  std::string terms = {};
};

/// One pool to evaluate.
struct PoolOptions {
  status::PoolIdentity identity;  ///< `identity.endpoint` names the endpoint
  std::chrono::milliseconds evaluation_interval{120'000};
  std::chrono::milliseconds evaluation_timeout{60'000};
};

struct Options {
  std::vector<EndpointOptions> endpoints;
  std::vector<PoolOptions> pools;
  std::chrono::milliseconds min_live_interval{10'000};
  std::size_t max_concurrent_evaluations = 1024;
  std::size_t max_waiting_queries = 1024;  ///< callers waiting at once; beyond: throttled
  Limits limits;
};

/// Thread rule: everything on the loop thread of `executor`.
class Engine final : public status::Evaluator, public status::Board {
 public:
  /// `clock` must outlive the executor's context: runs that end after the engine still read it.
  Engine(boost::asio::any_io_executor executor, const Clock& clock, Logger logger);
  ~Engine() override;

  /// First configuration or a reload: pools that stay keep their knowledge, removed ones lose
  /// series, state, history and running work (late results are dropped by generation number),
  /// changed addresses start a new generation. Ends the back-off of endpoints whose terms changed;
  /// transports in use look at their password files. Transports that are not used any
  /// more are closed in the background, behind their last run.
  void apply(Options options);
  /// Starts the schedule, each pool at its place of the interval (a hash of its name); the first
  /// cycle of all pools is spread over min(interval, 10 s) so that readiness comes soon.
  void start();
  /// No new evaluation starts; running ones are cancelled; waiting callers get a refusal.
  /// Idempotent.
  void stop();
  /// `stop`, then closes every transport in parallel (Transport::close), those that a reload took
  /// out of use included, so that nothing is left behind on the servers. Returns when all are
  /// closed or at the deadline, with how many are not; the loop must run until then. The engine may
  /// be destroyed meanwhile.
  boost::asio::awaitable<std::size_t> close(MonoTime deadline);
  /// Evaluations running now.
  std::size_t running() const;

  void evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                status::AnswerCallback callback) override;
  status::SnapshotPtr snapshot() override;
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& pool) override;
  bool first_cycle_done() const override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::engine
