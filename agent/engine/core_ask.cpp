// Callers: who is served from the cache, joins, waits or is refused.
#include "agent/engine/core.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::engine {

void Core::answer(const status::AnswerCallback& callback, status::Answer answer) {
  outbox_.emplace_back(
      [callback, made = std::move(answer)]() mutable { callback(std::move(made)); });
}

void Core::refuse(const status::AnswerCallback& callback, Error error,
                  std::optional<std::chrono::seconds> retry_after,
                  status::EvaluationPtr last_known) {
  outbox_.emplace_back([callback, refusal = status::Refusal{std::move(error), retry_after,
                                                            std::move(last_known)}]() mutable {
    callback(std::unexpected(std::move(refusal)));
  });
}

void Core::evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                    status::AnswerCallback callback) {
  const Now now = clock_.now();
  const auto found = pools_.find(question.pool);
  const AnswerCache::Entry* known =
      found == pools_.end() ? nullptr : found->second->cache.find(question);
  if (stopping_) {
    refuse(callback,
           Error{Reason::throttled, "engine.stopping", "the agent is shutting down",
                 "ask again when it is back", "", Stage::none},
           std::chrono::seconds(5), known != nullptr ? known->completed : nullptr);
  } else if (found == pools_.end()) {
    refuse(callback,
           Error{Reason::not_found, "pool.not_configured",
                 fmt::format("pool {} is not configured", question.pool.str()),
                 "add it to `pools`, or ask for the name that stands there", "", Stage::none});
  } else if (stop.stop_requested()) {
    refuse(callback, Error{Reason::timeout, "caller.gone", "the caller has stopped waiting", "", "",
                           Stage::none});
  } else if (wish.max_age && known != nullptr && known->good &&
             known->good->age(now.mono) <= *wish.max_age) {
    answer(callback, {known->good, status::Source::cache});
  } else {
    Pool& pool = *found->second;
    const int width = pool.endpoint->options.transport->can_render() ? wish.render_width : 0;
    JobPtr job = live_job(pool, question, width);
    const auto refusal = obstacle(pool, question, width, wish, now);
    if (refusal) {
      refuse(callback, refusal->error, refusal->retry_after, refusal->last_known);
    } else if (!job && known != nullptr &&
               now.mono - known->completed_at < options_.min_live_interval) {
      answer(callback, {known->completed, status::Source::cache});
    } else if (waiters_.size() >= options_.max_waiting_queries) {
      refuse(callback,
             Error{Reason::throttled, "engine.too_many_waiting",
                   fmt::format("{} callers are waiting already", waiters_.size()),
                   "ask less often, or with max_age", "", Stage::queue},
             std::chrono::seconds(1), known != nullptr ? known->completed : nullptr);
    } else if (job) {
      if (job->phase == Job::Phase::queued) {
        job->endpoint->queue.promote(job->id);
      }
      add_waiter(job, std::move(wish), std::move(stop), std::move(callback),
                 status::Source::joined);
    } else {
      job = make_job(pool, question, width);
      job->trigger = wish.trigger;
      job->request_id = wish.request_id;
      add_waiter(job, std::move(wish), std::move(stop), std::move(callback), status::Source::live);
      if (job->drives_activity()) {
        pool.activity.queued();
      }
      enqueue(pool, job);
    }
  }
  flush();
}

std::optional<status::Refusal> Core::obstacle(const Pool& pool, const status::Question& question,
                                              int width, const status::Wish& wish, Now now) const {
  const AnswerCache::Entry* known = pool.cache.find(question);
  const status::EvaluationPtr last = known != nullptr ? known->completed : nullptr;
  if (auto can = pool.endpoint->options.transport->can_ask(call_for(question)); !can) {
    return status::Refusal{std::move(can.error()), {}, last};
  }
  const auto end = pool.endpoint->backoff_until(now.mono);
  if (end && !live_job(pool, question, width)) {
    status::Refusal refusal = backoff_refusal(*pool.endpoint, *end, now);
    refusal.last_known = last;
    return refusal;
  }
  if (wish.deadline <= now.mono) {
    return status::Refusal{
        Error{Reason::timeout, "timeout.queue", "the time for an answer was over before it began",
              "allow more time", "", Stage::queue},
        {},
        last};
  }
  return std::nullopt;
}

void Core::add_waiter(const JobPtr& job, status::Wish wish, std::stop_token stop,
                      status::AnswerCallback callback, status::Source source) {
  const WaiterId id = ++waiters_made_;
  const MonoTime deadline = wish.deadline;
  job->waiters.push_back(id);
  Waiter& waiter = waiters_[id];
  waiter.job = job;
  waiter.wish = std::move(wish);
  waiter.source = source;
  waiter.stop = std::move(stop);
  waiter.callback = std::move(callback);
  if (waiter.stop.stop_possible()) {
    waiter.stop_callback = std::make_unique<StopCallback>(
        waiter.stop, std::function<void()>([this, id] { caller_gone(id); }));
  }
  // Whoever has as much time as the run gets the run's own result, its time-out included.
  if (job->phase != Job::Phase::running || deadline < job->deadline) {
    agenda_.set({AgendaKey::Kind::waiter, id}, deadline);
  }
}

Core::Waiter Core::take_waiter(WaiterId id) {
  auto node = waiters_.extract(id);
  agenda_.erase({AgendaKey::Kind::waiter, id});
  std::erase(node.mapped().job->waiters, id);
  node.mapped().stop_callback.reset();
  return std::move(node.mapped());
}

void Core::caller_gone(WaiterId id) {
  if (!waiters_.contains(id)) {
    return;
  }
  const Waiter waiter = take_waiter(id);
  refuse(waiter.callback, Error{Reason::timeout, "caller.gone", "the caller has stopped waiting",
                                "", "", Stage::none});
  withdraw_if_unwanted(waiter.job);
  flush();
}

void Core::waiter_expired(WaiterId id) {
  const Waiter waiter = take_waiter(id);
  const Job& job = *waiter.job;
  const std::string& endpoint = job.endpoint->options.name;
  if (job.is_waiting()) {
    const bool held = job.endpoint->place == Endpoint::Place::held;
    refuse(waiter.callback,
           Error{Reason::timeout, "timeout.queue",
                 fmt::format("endpoint {} {} until the time for an answer was over", endpoint,
                             held ? "waited for one of the others with its account to be let in,"
                                  : "was busy"),
                 held ? "look at the failures of those that have the same user name; allow more "
                        "time"
                      : "allow more time, ask with max_age, or raise the endpoint's max_concurrent",
                 "", Stage::queue},
           {}, last_known(job));
  } else {
    refuse(waiter.callback,
           Error{Reason::timeout, "timeout.waiting",
                 fmt::format("endpoint {} did not answer in the time the caller had", endpoint),
                 "allow more time, or ask with max_age", "", Stage::query},
           {}, last_known(job));
  }
  withdraw_if_unwanted(waiter.job);
}

void Core::withdraw_if_unwanted(const JobPtr& job) {
  if (!job->is_live() || job->scheduled || !job->waiters.empty()) {
    return;
  }
  const Now now = clock_.now();
  Pool* pool = pool_of(*job);
  if (job->is_waiting()) {
    forget(job);
  } else {
    job->phase = Job::Phase::cancelled;
    outbox_.emplace_back([this, id = job->id] { hooks_.cancel(id); });
  }
  if (pool != nullptr && job->drives_activity()) {
    pool->activity.finished(now.mono);
    plan(*pool);
  }
  if (pool != nullptr && job->question.is_scheduled()) {
    note_running(*pool);
  }
}

// Callers who wait for text of another width: an answer as young as this is theirs too, without
// asking the server again.
void Core::serve_waiting(Pool& pool, const status::EvaluationPtr& evaluation) {
  if (options_.min_live_interval <= options_.min_live_interval.zero()) {
    return;
  }
  for (const JobPtr& job : std::vector<JobPtr>(pool.jobs)) {
    if (!job->is_waiting() || job->render_width == 0 || job->question != evaluation->question) {
      continue;
    }
    for (const WaiterId id : std::vector<WaiterId>(job->waiters)) {
      const Waiter waiter = take_waiter(id);
      answer(waiter.callback, {evaluation, status::Source::cache});
    }
    forget(job);
  }
}

status::EvaluationPtr Core::last_known(const Job& job) const {
  const Pool* pool = pool_of(job);
  const AnswerCache::Entry* known = pool == nullptr ? nullptr : pool->cache.find(job.question);
  return known == nullptr ? nullptr : known->completed;
}

}  // namespace sfb::engine
