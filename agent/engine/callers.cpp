#include "agent/engine/callers.hpp"

#include <algorithm>
#include <utility>

namespace sfb::engine {

void Callers::add(const JobPtr& job, status::Wish wish, std::stop_token stop,
                  status::AnswerCallback callback, status::Source source) {
  const WaiterId id = ++made_;
  const MonoTime deadline = wish.deadline;
  job->waiters.push_back(id);
  Waiter& waiter = waiters_[id];
  waiter.job = job;
  waiter.wish = std::move(wish);
  waiter.source = source;
  waiter.stop = std::move(stop);
  waiter.callback = std::move(callback);
  if (waiter.stop.stop_possible()) {
    waiter.stop_callback = std::make_unique<std::stop_callback<std::function<void()>>>(
        waiter.stop, std::function<void()>([this, id] { gone_(id); }));
  }
  if (job->phase != Job::Phase::running || deadline < job->deadline) {
    agenda_.set({AgendaKey::Kind::waiter, id}, deadline);
  }
}

Waiter Callers::take(WaiterId id) {
  auto node = waiters_.extract(id);
  agenda_.erase({AgendaKey::Kind::waiter, id});
  std::erase(node.mapped().job->waiters, id);
  node.mapped().stop_callback.reset();
  return std::move(node.mapped());
}

std::vector<Waiter> Callers::take_all(const Job& job) {
  std::vector<Waiter> taken;
  taken.reserve(job.waiters.size());
  while (!job.waiters.empty()) {
    taken.push_back(take(job.waiters.front()));
  }
  return taken;
}

MonoTime Callers::patience(const Job& job, MonoTime now) const {
  MonoTime latest = now;
  for (const WaiterId id : job.waiters) {
    latest = std::max(latest, waiters_.at(id).wish.deadline);
  }
  return latest;
}

void Callers::job_began(const Job& job) {
  for (const WaiterId id : job.waiters) {
    if (waiters_.at(id).wish.deadline >= job.deadline) {
      agenda_.erase({AgendaKey::Kind::waiter, id});
    }
  }
}

}  // namespace sfb::engine
