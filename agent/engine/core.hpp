// The engine without a loop: questions, queues, runs and knowledge, driven by `tick`, `evaluate`
// and `finished`. Knows no Asio; the shell (engine.cpp) starts and cancels the real work and owns
// the one timer.
#pragma once

#include "agent/engine/activity.hpp"
#include "agent/engine/agenda.hpp"
#include "agent/engine/answer_cache.hpp"
#include "agent/engine/backoff.hpp"
#include "agent/engine/endpoint_queue.hpp"
#include "agent/engine/engine.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <vector>

namespace sfb::engine {

/// Number of an endpoint with one address and account; never used twice.
using EndpointId = std::uint64_t;

/// Work for the shell: ask, then call Core::finished with the same number, exactly once.
struct Launch {
  JobId job = 0;
  std::shared_ptr<remote::Transport> transport;
  Call call;
  MonoTime deadline{};
};

/// What the core wants done. All are called when the core's own state is consistent.
struct Hooks {
  std::function<void(Launch)> launch;
  std::function<void(JobId)> cancel;  ///< nobody wants the result; `finished` is still due
  /// Given to every transport (Transport::on_change); may outlive the core.
  std::function<void(const Fqdn&)> content_changed;
  /// Given to every transport (Transport::on_credentials) with its endpoint; may outlive the core.
  std::function<void(EndpointId, std::uint64_t secret)> credentials_changed;
  /// No endpoint uses this transport any more: close it. Runs under way keep it alive.
  std::function<void(std::shared_ptr<remote::Transport>)> retire;
};

/// The cmdlet call of a question.
Call call_for(const status::Question& question, int render_width = 0);

/// A transport that has not returned this long after its deadline is given up: the evaluation is a
/// timeout, only the endpoint's slot stays taken until it really returns.
inline constexpr std::chrono::seconds kGuard{2};

/// Thread rule: one thread. Callbacks may call back into the core.
class Core {
 public:
  Core(const Clock& clock, Logger logger, Hooks hooks);

  void apply(Options options);
  void start();
  void stop();
  void evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                status::AnswerCallback callback);
  /// New content may be there for the pool (Transport::on_change).
  void content_changed(const Fqdn& pool);
  /// Another password lies on disk (Transport::on_credentials): back-off ends, and the pools that
  /// failed are due soon. Endpoints that share an account tell the same password one after the
  /// other; the account's back-off ends with the first.
  void credentials_changed(EndpointId endpoint, std::uint64_t secret);
  /// A launched job's work ended, whatever became of the job meanwhile.
  void finished(JobId job, Result<remote::Reply> result);
  /// Does everything that is due now.
  void tick();
  /// When `tick` has something to do; absent when never.
  std::optional<MonoTime> next_wakeup() const { return agenda_.next(); }

  status::SnapshotPtr snapshot();
  std::optional<std::vector<status::HistoryEntry>> history(const Fqdn& pool) const;
  bool first_cycle_done() const;
  /// Those of the present configuration.
  std::vector<std::shared_ptr<remote::Transport>> transports() const;
  std::size_t running() const { return running_; }

 private:
  using WaiterId = std::uint64_t;
  using StopCallback = std::stop_callback<std::function<void()>>;

  struct Endpoint;
  struct Pool;
  using EndpointPtr = std::shared_ptr<Endpoint>;

  struct SharedAccount {
    Account account;
    std::string refused_with;             ///< what began the back-off, for those who are refused
    std::optional<std::uint64_t> secret;  ///< refused or told last
    std::vector<Endpoint*> members;       ///< of the present configuration
    std::set<JobId> trials;               ///< runs under way that began since the last `end`
    std::set<JobId> silent;               ///< those of them that took longer than Account::patience
    std::size_t ready = 0;                ///< endpoints in ready_
    std::uint64_t turns = 0;              ///< runs so far
    /// Endpoints with work that wait for their turn: first who ran the longest time ago.
    std::map<std::pair<std::uint64_t, EndpointId>, std::weak_ptr<Endpoint>> held;

    /// Runs under way that keep others waiting.
    std::size_t counted() const {
      return trials.size() - std::min(silent.size(), Account::kMostSilent);
    }
    bool has_room(std::size_t chosen = 0) const {
      return counted() + chosen < account.most_at_once();
    }
    void end_trial(JobId job) {
      trials.erase(job);
      silent.erase(job);
    }
    void end_trials() {
      trials.clear();
      silent.clear();
    }
    /// A reload: nobody is a member, nobody waits. Runs under way stay what they are.
    void empty() {
      members.clear();
      held.clear();
      ready = 0;
    }
  };

  struct Endpoint {
    EndpointId id;
    EndpointOptions options;
    EndpointQueue queue;
    std::shared_ptr<SharedAccount> account = {};  ///< never null once adopted
    Backoff backoff = {};
    std::string refused_with = {};  ///< as above
    /// A reload gave it other terms: it does not wait for its account until it was tried again.
    bool pardoned = false;
    JobId trial = 0;         ///< the one run of an endpoint on trial; 0: none
    std::uint64_t turn = 0;  ///< of its account, when it ran last; 0: it did not
    enum class Place : std::uint8_t { nowhere, held, ready } place = Place::nowhere;
    std::vector<Pool*> pools = {};

    bool uses_backoff() const { return options.transport->uses_backoff(); }
    /// A free slot and something for it.
    bool has_work() const {
      return queue.can_take() && (trial == 0 || !backoff.on_trial() || !uses_backoff());
    }
    std::optional<MonoTime> backoff_until(MonoTime now) const {
      if (!uses_backoff()) {
        return std::nullopt;
      }
      const auto of_account = pardoned ? std::nullopt : account->account.until(now);
      return std::max(backoff.until(now), of_account);  // an absent time is less than any other
    }
  };

  /// One run of one question, from waiting to the transport's return.
  struct Job {
    enum class Phase : std::uint8_t {
      held,       ///< an earlier run of the same question has not returned yet
      queued,     ///< waits for the endpoint
      running,    ///< launched
      cancelled,  ///< launched, nobody wants the result any more
      abandoned,  ///< launched, given up by the guard; holds its endpoint's slot only
    };
    JobId id = 0;
    status::Question question;
    std::uint64_t generation = 0;
    EndpointPtr endpoint;
    status::Trigger trigger = status::Trigger::schedule;
    std::string request_id;
    Phase phase = Phase::queued;
    bool scheduled = false;  ///< the schedule wants the result, callers or not
    int render_width = 0;    ///< status::Wish's
    std::vector<WaiterId> waiters;
    MonoTime started{};
    MonoTime deadline{};

    bool is_live() const { return phase <= Phase::running; }
    /// The pool's activity is about this run. One that brings text stands beside the schedule,
    /// which does not wait for it, but its answer is the pool's news like any other.
    bool drives_activity() const { return question.is_scheduled() && render_width == 0; }
    bool same(const status::Question& other, int width) const {
      return question == other && render_width == width;
    }
    bool is_waiting() const { return phase <= Phase::queued; }
  };
  using JobPtr = std::shared_ptr<Job>;

  /// A caller and the job it waits for.
  struct Waiter {
    JobPtr job;
    status::Wish wish;
    status::Source source = status::Source::live;
    std::stop_token stop;
    status::AnswerCallback callback;
    std::unique_ptr<StopCallback> stop_callback;
  };

  struct Pool {
    PoolOptions options;
    std::uint64_t generation;  ///< never used twice: results of another one are late
    EndpointPtr endpoint;
    status::Knowledge knowledge;
    status::History history;
    Activity activity;
    AnswerCache cache;
    std::vector<JobPtr> jobs;
    bool awaited = false;  ///< of the first cycle, not attempted yet
    std::optional<Reason> last_failure;
    std::string last_code;  ///< of that failure
    std::vector<std::string> last_notes;

    const Fqdn& fqdn() const { return options.identity.fqdn; }
  };

  // core_config.cpp
  std::map<std::string, EndpointPtr> adopt_endpoints(std::vector<EndpointOptions> options, Now now);
  EndpointPtr make_endpoint(const EndpointOptions& options, bool known);
  void join_account(Endpoint& endpoint, const std::shared_ptr<SharedAccount>& account);
  void keep_pool(Pool& pool, PoolOptions options, bool freed, Now now);
  void add_pool(PoolOptions options, EndpointPtr endpoint, Now now);
  void retire(Pool& pool, std::vector<Waiter>& orphans);
  void retire_unused(const std::vector<std::shared_ptr<remote::Transport>>& before);
  void plan(Pool& pool);

  // core_ask.cpp
  void answer(const status::AnswerCallback& callback, status::Answer answer);
  void refuse(const status::AnswerCallback& callback, Error error,
              std::optional<std::chrono::seconds> retry_after = {},
              status::EvaluationPtr last_known = {});
  std::optional<status::Refusal> obstacle(const Pool& pool, const status::Question& question,
                                          int width, const status::Wish& wish, Now now) const;
  void add_waiter(const JobPtr& job, status::Wish wish, std::stop_token stop,
                  status::AnswerCallback callback, status::Source source);
  Waiter take_waiter(WaiterId id);
  void caller_gone(WaiterId id);
  void waiter_expired(WaiterId id);
  void withdraw_if_unwanted(const JobPtr& job);
  status::EvaluationPtr last_known(const Job& job) const;

  // core_turns.cpp
  void dispatch(const EndpointPtr& endpoint);
  static void enlist(const EndpointPtr& endpoint);
  void promote(SharedAccount& account);
  void pump();
  void start_anew();

  // core_run.cpp
  JobPtr make_job(Pool& pool, const status::Question& question, int render_width = 0);
  void enqueue(Pool& pool, const JobPtr& job);
  void begin(const JobPtr& job, Now now);
  void pool_due(Pool& pool, Now now);
  void guard_due(const JobPtr& job, Now now);
  void end_trial(const Job& job);
  void trial_due(const JobPtr& job);
  void forget(const JobPtr& job);
  void serve_waiting(Pool& pool, const status::EvaluationPtr& evaluation);
  /// The pool's gauge tells whether a run of the scheduled question is under way.
  void note_running(Pool& pool);
  void release_successor(const Job& job);
  static JobPtr live_job(const Pool& pool, const status::Question& question, int render_width = 0);
  Pool* pool_of(const Job& job) const;
  void flush();

  // core_conclude.cpp
  void conclude(Pool& pool, Job& job, Result<remote::Reply> result, Now now);
  std::shared_ptr<status::Evaluation> make_evaluation(const Pool& pool, const Job& job,
                                                      Result<remote::Reply> result, Now now);
  void attempted(Pool& pool);
  void log_failure(Pool& pool, const status::Evaluation& evaluation);
  void log_success(Pool& pool, const status::Evaluation& evaluation,
                   const status::EvaluationPtr& before);

  // core_backoff.cpp
  void learn_outcome(const Job& job, const Error* failure, bool let_in, Now now);
  void account_refused(Endpoint& endpoint, const Job& job, const std::string& with, Now now);
  void backoff_changed(const Endpoint& endpoint, Now now);
  void refuse_waiting_jobs(const Endpoint& endpoint, MonoTime until, Now now);
  static status::Refusal backoff_refusal(const Endpoint& endpoint, MonoTime until, Now now);
  EndpointPtr endpoint_of(EndpointId id) const;

  const Clock& clock_;
  Logger logger_;
  Hooks hooks_;
  Options options_;  ///< without the lists of endpoints and pools
  bool started_ = false;
  bool stopping_ = false;
  std::uint64_t generations_ = 0;
  EndpointId endpoints_made_ = 0;
  JobId jobs_made_ = 0;
  WaiterId waiters_made_ = 0;
  std::uint64_t evaluations_ = 0;
  std::size_t running_ = 0;
  std::size_t awaited_ = 0;  ///< pools of the first cycle that were not attempted yet
  MonoTime first_cycle_deadline_{};

  Agenda agenda_;
  std::map<std::string, EndpointPtr> endpoints_;
  std::unordered_map<EndpointId, EndpointPtr> endpoints_by_id_;
  std::map<std::string, std::shared_ptr<SharedAccount>> accounts_;
  std::map<Fqdn, std::unique_ptr<Pool>> pools_;
  std::unordered_map<std::uint64_t, Pool*> by_generation_;
  std::unordered_map<JobId, JobPtr> jobs_;
  std::unordered_map<WaiterId, Waiter> waiters_;
  std::deque<EndpointPtr> ready_;  ///< endpoints with work that may begin, in turn

  std::deque<std::function<void()>> outbox_;  ///< calls out of the core, made when it is at rest
  bool flushing_ = false;

  status::DurationHistogram durations_;
  status::SnapshotPtr snapshot_;
  bool dirty_ = true;
  std::optional<MonoTime> snapshot_valid_until_;
};

}  // namespace sfb::engine
