// The engine without a loop: questions, queues, runs and knowledge, driven by `tick`, `evaluate`
// and `finished`. Knows no Asio; the shell (engine.cpp) starts and cancels the real work and owns
// the one timer.
#pragma once

#include "agent/base/log.hpp"
#include "agent/base/time.hpp"
#include "agent/engine/admission.hpp"
#include "agent/engine/agenda.hpp"
#include "agent/engine/endpoints.hpp"
#include "agent/engine/keeping.hpp"
#include "agent/engine/kept_objects.hpp"
#include "agent/engine/options.hpp"
#include "agent/engine/outbox.hpp"
#include "agent/engine/pools.hpp"
#include "agent/engine/reception.hpp"
#include "agent/engine/runs.hpp"
#include "agent/engine/wanted.hpp"
#include "agent/remote/reply.hpp"
#include "agent/status/board.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <vector>

namespace sfb::engine {

/// What the core wants done. All are called when the core's own state is consistent.
struct Hooks {
  std::function<void(Launch)> launch;
  std::function<void(JobId)> cancel;  ///< nobody wants the result; `finished` is still due
  /// Given to every transport (TransportControl::on_change); may outlive the core.
  remote::TransportControl::OnChange content_changed;
  /// Given to every transport (TransportControl::on_credentials) with its endpoint; may outlive the
  /// core.
  std::function<void(EndpointId, std::uint64_t secret)> credentials_changed;
  /// No endpoint uses this transport any more: close it. Runs under way keep it alive.
  std::function<void(std::shared_ptr<remote::TransportControl>)> retire;
  /// Where news of pools is kept, and comes back from with the first configuration; outlives the
  /// core. Null: nowhere.
  status::Keeper* keeper = nullptr;
};

/// Thread rule: one thread. Callbacks may call back into the core.
class Core {
 public:
  Core(const Clock& clock, Logger logger, Hooks hooks);

  void apply(Options options);
  void start();
  void stop();
  void evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                status::AnswerCallback callback);
  /// New content may be there for what a collector asks of a pool (TransportControl::on_change).
  void content_changed(const Fqdn& pool, std::string_view collector);
  /// Another password lies on disk (TransportControl::on_credentials): back-off ends, and the pools
  /// that failed are due soon. Endpoints that share an account tell the same password one after the
  /// other; the account's back-off ends with the first.
  void credentials_changed(EndpointId endpoint, std::uint64_t secret);
  /// A launched job's work ended, whatever became of the job meanwhile.
  void finished(JobId job, Result<remote::Reply> result);
  /// Does everything that is due now.
  void tick();
  /// When `tick` has something to do; absent when never.
  std::optional<MonoTime> next_wakeup() const { return agenda_.next(); }

  status::SnapshotPtr snapshot() { return pools_.snapshot(endpoints_.by_name(), clock_.now()); }
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& pool) const {
    return pools_.history(pool);
  }
  bool first_cycle_done() const { return pools_.first_cycle_done(clock_.now()); }
  /// Those of the present configuration.
  std::vector<std::shared_ptr<remote::TransportControl>> transports() const {
    return endpoints_.transports();
  }
  std::size_t running() const { return runs_.running(); }

 private:
  std::vector<Waiter> remove_pools(const Wanted& wanted, Now now);
  void retire_unused(const std::vector<std::shared_ptr<remote::TransportControl>>& before);

  void pool_due(Pool& pool, Now now);
  void guard_due(JobId id, Now now);
  /// The schedule leaves the pool's server alone until then: the history says so, once.
  void tell_backoff(Pool& pool, MonoTime until, Now now);
  void conclude(Pool& pool, const Job& job, Result<remote::Reply> result, Now now);
  void learn_outcome(const Job& job, const Error* failure, bool let_in, Now now);
  /// Every pool of the endpoint shows it, and the agenda knows its end.
  void backoff_changed(const Endpoint& endpoint, Now now);
  /// What still waits would ask the server that is to be left alone.
  void refuse_waiting_jobs(const Endpoint& endpoint, MonoTime until, Now now);

  const Clock& clock_;
  Logger logger_;
  Hooks hooks_;
  Options options_;  ///< without the lists of endpoints and pools
  bool stopping_ = false;
  bool configured_ = false;  ///< at least once
  Keeping keeping_;
  KeptObjects objects_;
  std::uint64_t evaluations_;  ///< counts over restarts

  Agenda agenda_;
  Outbox outbox_;
  Endpoints endpoints_;
  Pools pools_{agenda_};
  Runs runs_;
  Reception reception_;
  Admission admission_;
};

}  // namespace sfb::engine
