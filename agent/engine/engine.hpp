// The one engine: schedules every pool, queues and backs off per endpoint, joins equal questions,
// and keeps what is known. It implements Evaluator and Board. The machines it drives are pure
// (activity.hpp, status/knowledge.hpp).
#pragma once

#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/engine/options.hpp"
#include "agent/status/board.hpp"
#include "agent/status/keeper.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace sfb::engine {

/// Thread rule: everything on the loop thread of `executor`.
class Engine final : public status::Evaluator, public status::Board {
 public:
  /// `clock` must outlive the executor's context: runs that end after the engine still read it.
  /// `keeper` (Hooks::keeper) likewise.
  Engine(boost::asio::any_io_executor executor, const Clock& clock, Logger logger,
         status::Keeper* keeper = nullptr);
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
