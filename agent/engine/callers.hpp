// Who waits for which run, and for how long.
#pragma once

#include "agent/engine/agenda.hpp"
#include "agent/engine/job.hpp"
#include "agent/status/evaluation.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <unordered_map>
#include <vector>

namespace sfb::engine {

/// A caller and the job it waits for.
struct Waiter {
  JobPtr job;
  status::Wish wish;
  status::Source source = status::Source::live;
  std::stop_token stop;
  status::AnswerCallback callback;
  std::unique_ptr<std::stop_callback<std::function<void()>>> stop_callback;
};

/// Keeps Job::waiters and the agenda's entries of waiters true. Thread rule: one thread.
class Callers {
 public:
  /// `gone` is called when a caller stops waiting; it is still here then.
  Callers(Agenda& agenda, std::function<void(WaiterId)> gone)
      : agenda_(agenda), gone_(std::move(gone)) {}

  void add(const JobPtr& job, status::Wish wish, std::stop_token stop,
           status::AnswerCallback callback, status::Source source);
  Waiter take(WaiterId id);
  /// All of a job, first come first.
  std::vector<Waiter> take_all(const Job& job);
  /// The latest time at which one of them still wants an answer, at least `now`.
  MonoTime patience(const Job& job, MonoTime now) const;
  /// The job has its deadline. Who has as much time as the run gets the run's own result, its
  /// time-out included.
  void job_began(const Job& job);

  bool contains(WaiterId id) const { return waiters_.contains(id); }
  std::size_t size() const { return waiters_.size(); }

 private:
  Agenda& agenda_;
  std::function<void(WaiterId)> gone_;
  WaiterId made_ = 0;
  std::unordered_map<WaiterId, Waiter> waiters_;
};

}  // namespace sfb::engine
