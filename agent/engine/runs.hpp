// Runs from the queue through the transport to their end, on time or not, and who waits for them.
#pragma once

#include "agent/base/time.hpp"
#include "agent/engine/agenda.hpp"
#include "agent/engine/callers.hpp"
#include "agent/engine/endpoints.hpp"
#include "agent/engine/job.hpp"
#include "agent/engine/outbox.hpp"
#include "agent/engine/pools.hpp"
#include "agent/engine/turns.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace sfb::engine {

/// Work for the shell: ask, then call Core::finished with the same number, exactly once.
struct Launch {
  JobId job = 0;
  std::shared_ptr<remote::TransportControl> transport;
  remote::Ask ask;
  MonoTime deadline{};
};

/// A transport that has not returned this long after its deadline is given up: the evaluation is a
/// timeout, only the endpoint's slot stays taken until it really returns.
inline constexpr std::chrono::seconds kGuard{2};

/// Thread rule: one thread.
class Runs {
 public:
  struct Hooks {
    std::function<void(Launch)> launch;
    std::function<void(JobId)> cancel;  ///< nobody wants the result; `ended` is still due
  };
  /// All references outlive this object.
  Runs(const Clock& clock, Agenda& agenda, Outbox& outbox, Pools& pools, Hooks hooks);

  void set_most_at_once(std::size_t limit) { most_at_once_ = limit; }
  /// Nothing is launched any more.
  void stop() { stopping_ = true; }
  std::size_t running() const { return running_; }
  std::size_t waiting_callers() const { return callers_.size(); }

  /// In no queue yet.
  JobPtr make(Pool& pool, const status::Question& question, TextForm render = {});
  void enqueue(const Pool& pool, const JobPtr& job);
  /// A caller for a run. One that joins a waiting run brings it before the schedule's.
  void add_caller(const JobPtr& job, status::Wish wish, std::stop_token stop,
                  status::AnswerCallback callback, status::Source source);

  struct Ended {
    JobPtr job;
    bool wanted = false;
  };
  /// The transport returned. Absent when no such run is known.
  std::optional<Ended> ended(JobId id);
  /// The transport did not return by the guard's time.
  Ended give_up(JobId id);
  /// After the end of a run: an equal one waited for it.
  void release_successor(const Pool& pool, const Job& ended);
  void trial_overdue(JobId id);
  /// The job's not_before has come.
  void may_start(JobId id);
  void waiter_expired(WaiterId id);

  /// Tells all callers of a run that ended.
  void answer(const Job& job, const status::EvaluationPtr& evaluation);
  /// Callers who wait for text of another form: an answer as young as this is theirs too, without
  /// asking the server again.
  void answer_waiting(const Pool& pool, const status::EvaluationPtr& evaluation);
  /// A waiting run is not to be: its callers hear why.
  void refuse_waiting(const JobPtr& job, const status::Refusal& refusal);
  /// Nobody waits for it any more, nor does the schedule; its callers hear why.
  void withdraw(const JobPtr& job, const status::Refusal& refusal);
  /// Its pool goes: who waited for it.
  std::vector<Waiter> drop(const JobPtr& job);

  /// Launches what may begin, after a change at this endpoint or, `start_anew`, at all of them.
  void dispatch(const EndpointPtr& endpoint);
  void start_anew(const Endpoints& endpoints);

 private:
  void pump();
  void leave_out(const JobPtr& job);
  void begin(const JobPtr& job, bool counts_as_trial, Now now);
  void end_trial(const Job& job);
  void caller_gone(WaiterId id);
  void withdraw_if_unwanted(const JobPtr& job);
  void cancel(Job& job);
  void refuse_all(const Job& job, const status::Refusal& refusal);
  /// Out of every list; what it holds of its endpoint is the caller's affair.
  void forget(const JobPtr& job);

  const Clock& clock_;
  Agenda& agenda_;
  Outbox& outbox_;
  Pools& pools_;
  Hooks hooks_;
  bool stopping_ = false;
  std::size_t most_at_once_ = 1024;
  std::size_t running_ = 0;
  JobId made_ = 0;
  std::unordered_map<JobId, JobPtr> jobs_;
  Callers callers_;
  Turns turns_;
};

}  // namespace sfb::engine
