// Runs: from the queue through the transport to their end, on time or not.
#include "agent/engine/core.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::engine {

namespace {

// A scheduled run leaves a fifth of the interval free, so that slowness shows as time-outs of this
// pool and not as overruns of its neighbours.
std::chrono::milliseconds budget(const PoolOptions& options) {
  return std::min(options.evaluation_timeout, options.evaluation_interval * 4 / 5);
}

}  // namespace

Call call_for(const status::Question& question, int render_width) {
  const std::string_view category = question.category == status::Category::all
                                        ? std::string_view()
                                        : to_string(question.category);
  Call call =
      collectors::make_call(question.pool, category, question.force, question.bypass_dual_write);
  call.render_width = render_width;
  return call;
}

Core::JobPtr Core::live_job(const Pool& pool, const status::Question& question, int render_width) {
  const auto found = std::ranges::find_if(pool.jobs, [&](const JobPtr& job) {
    return job->is_live() && job->same(question, render_width);
  });
  return found == pool.jobs.end() ? nullptr : *found;
}

Core::Pool* Core::pool_of(const Job& job) const {
  const auto found = by_generation_.find(job.generation);
  return found == by_generation_.end() ? nullptr : found->second;
}

Core::JobPtr Core::make_job(Pool& pool, const status::Question& question, int render_width) {
  auto job = std::make_shared<Job>(Job{.id = ++jobs_made_,
                                       .question = question,
                                       .generation = pool.generation,
                                       .endpoint = pool.endpoint,
                                       .request_id = {},
                                       .render_width = render_width,
                                       .waiters = {}});
  jobs_.emplace(job->id, job);
  pool.jobs.push_back(job);
  return job;
}

void Core::enqueue(Pool& pool, const JobPtr& job) {
  const bool predecessor = std::ranges::any_of(pool.jobs, [&](const JobPtr& other) {
    return !other->is_live() && other->same(job->question, job->render_width);
  });
  if (predecessor) {
    job->phase = Job::Phase::held;
    return;
  }
  job->phase = Job::Phase::queued;
  job->endpoint->queue.push(job->id, job->waiters.empty() ? Priority::schedule : Priority::query);
  dispatch(job->endpoint);
}

void Core::begin(const JobPtr& job, Now now) {
  Pool& pool = *pool_of(*job);
  job->phase = Job::Phase::running;
  job->started = now.mono;
  Endpoint& endpoint = *job->endpoint;
  if (endpoint.trial == 0 && endpoint.backoff.on_trial()) {
    endpoint.trial = job->id;
  }
  endpoint.turn = ++endpoint.account->turns;
  const Account& account = endpoint.account->account;
  if (endpoint.uses_backoff() && account.most_at_once() != Account::kAll) {
    endpoint.account->trials.insert(job->id);
    agenda_.set({AgendaKey::Kind::trial_end, job->id}, now.mono + account.patience());
  }
  if (job->scheduled) {
    job->deadline = now.mono + budget(pool.options);
  } else {
    MonoTime latest = now.mono;
    for (const WaiterId id : job->waiters) {
      latest = std::max(latest, waiters_.at(id).wish.deadline);
    }
    job->deadline = std::min<MonoTime>(latest, now.mono + pool.options.evaluation_timeout);
  }
  for (const WaiterId id : job->waiters) {
    if (waiters_.at(id).wish.deadline >= job->deadline) {
      agenda_.erase({AgendaKey::Kind::waiter, id});
    }
  }
  agenda_.set({AgendaKey::Kind::guard, job->id}, job->deadline + kGuard);
  ++running_;
  if (job->drives_activity()) {
    pool.activity.started();
  }
  if (job->question.is_scheduled()) {
    note_running(pool);
  }
  outbox_.emplace_back(
      [this, launch = Launch{job->id, job->endpoint->options.transport,
                             call_for(job->question, job->render_width), job->deadline}]() mutable {
        hooks_.launch(std::move(launch));
      });
}

void Core::finished(JobId id, Result<remote::Reply> result) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    return;
  }
  const Now now = clock_.now();
  const JobPtr job = found->second;
  agenda_.erase({AgendaKey::Kind::guard, id});
  job->endpoint->queue.release();
  end_trial(*job);
  const bool wanted = job->phase == Job::Phase::running;
  if (job->phase != Job::Phase::abandoned) {
    --running_;
  }
  Pool* pool = pool_of(*job);
  forget(job);
  if (!wanted && !result) {
    // Whoever has gone, the account was tried: a caller who hangs up early must not lock it.
    learn_outcome(*job, &result.error(), false, now);
  }
  if (pool != nullptr) {
    if (wanted) {
      conclude(*pool, *job, std::move(result), now);
    }
    release_successor(*job);
  }
  dispatch(job->endpoint);
  flush();
}

void Core::end_trial(const Job& job) {
  Endpoint& endpoint = *job.endpoint;
  if (endpoint.trial == job.id) {
    endpoint.trial = 0;
  }
  endpoint.account->end_trial(job.id);
  agenda_.erase({AgendaKey::Kind::trial_end, job.id});
}

void Core::trial_due(const JobPtr& job) {
  SharedAccount& account = *job->endpoint->account;
  if (account.trials.contains(job->id)) {
    account.silent.insert(job->id);
    dispatch(job->endpoint);
  }
}

// Out of every list; what it holds of its endpoint is the caller's affair.
void Core::forget(const JobPtr& job) {
  job->endpoint->queue.remove(job->id);
  jobs_.erase(job->id);
  if (Pool* pool = pool_of(*job)) {
    std::erase(pool->jobs, job);
  }
}

void Core::note_running(Pool& pool) {
  pool.knowledge.set_running(std::ranges::any_of(pool.jobs, [](const JobPtr& job) {
    return job->phase == Job::Phase::running && job->question.is_scheduled();
  }));
  dirty_ = true;
}

void Core::release_successor(const Job& job) {
  Pool& pool = *pool_of(job);
  const JobPtr next = live_job(pool, job.question, job.render_width);
  if (next && next->phase == Job::Phase::held) {
    enqueue(pool, next);
  }
}

void Core::pool_due(Pool& pool, Now now) {
  const bool left_alone = pool.endpoint->backoff_until(now.mono).has_value();
  const Activity::Due due = pool.activity.due(now.mono, left_alone);
  plan(pool);
  const status::Question question{pool.fqdn()};
  switch (due) {
    case Activity::Due::start: {
      const JobPtr job = make_job(pool, question);
      job->scheduled = true;
      pool.activity.queued();
      enqueue(pool, job);
      return;
    }
    case Activity::Due::adopt:
      if (const JobPtr job = live_job(pool, question)) {
        job->scheduled = true;
      }
      return;
    case Activity::Due::overrun:
      pool.knowledge.overrun();
      dirty_ = true;
      logger_.warn("evaluation overrun",
                   {{"pool", pool.fqdn().str()},
                    {"endpoint", pool.endpoint->options.name},
                    {"interval", format_duration(pool.options.evaluation_interval)}});
      return;
    case Activity::Due::skipped:
      attempted(pool);  // as far as it goes: readiness does not wait for a back-off
      return;
    case Activity::Due::nothing:
      return;
  }
}

void Core::guard_due(const JobPtr& job, Now now) {
  const bool wanted = job->phase == Job::Phase::running;
  end_trial(*job);
  job->phase = Job::Phase::abandoned;
  --running_;
  logger_.error("transport did not return",
                {{"pool", job->question.pool.str()}, {"endpoint", job->endpoint->options.name}});
  Pool* pool = pool_of(*job);
  if (wanted && pool != nullptr) {
    outbox_.emplace_back([this, id = job->id] { hooks_.cancel(id); });
    conclude(*pool, *job,
             fail(Reason::timeout, "timeout.abandoned",
                  fmt::format("the transport of endpoint {} did not return by its deadline",
                              job->endpoint->options.name),
                  "its slot stays taken until it does; look for a dead network mount or server"),
             now);
  }
  dispatch(job->endpoint);
}

void Core::content_changed(const Fqdn& fqdn) {
  const auto found = pools_.find(fqdn);
  if (found == pools_.end() || stopping_) {
    return;
  }
  found->second->activity.nudge(clock_.now().mono);
  plan(*found->second);
}

void Core::tick() {
  const Now now = clock_.now();
  while (const auto key = agenda_.pop_due(now.mono)) {
    switch (key->kind) {
      case AgendaKey::Kind::waiter:
        waiter_expired(key->id);
        break;
      case AgendaKey::Kind::guard:
        guard_due(jobs_.at(key->id), now);
        break;
      case AgendaKey::Kind::trial_end:
        trial_due(jobs_.at(key->id));
        break;
      case AgendaKey::Kind::backoff_end:
        if (const EndpointPtr endpoint = endpoint_of(key->id)) {
          backoff_changed(*endpoint, now);
        }
        break;
      case AgendaKey::Kind::pool_due:
        pool_due(*by_generation_.at(key->id), now);
        break;
    }
  }
  flush();
}

void Core::flush() {
  if (flushing_) {
    return;
  }
  flushing_ = true;
  while (!outbox_.empty()) {
    const auto call = std::move(outbox_.front());
    outbox_.pop_front();
    call();
  }
  flushing_ = false;
}

}  // namespace sfb::engine
