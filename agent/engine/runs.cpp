#include "agent/engine/runs.hpp"

#include "agent/engine/refusals.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sfb::engine {

namespace {

// A run with less would be cut off half-way, and cost the server all the same.
constexpr std::chrono::milliseconds kLeastTime{200};

}  // namespace

Runs::Runs(const Clock& clock, Agenda& agenda, Outbox& outbox, Pools& pools, Hooks hooks)
    : clock_(clock),
      agenda_(agenda),
      outbox_(outbox),
      pools_(pools),
      hooks_(std::move(hooks)),
      callers_(agenda, [this](WaiterId id) { caller_gone(id); }) {}

JobPtr Runs::make(Pool& pool, const status::Question& question, TextForm render) {
  auto job = std::make_shared<Job>(Job{.id = ++made_,
                                       .question = question,
                                       .generation = pool.generation,
                                       .endpoint = pool.endpoint,
                                       .request_id = {},
                                       .render = render,
                                       .waiters = {}});
  jobs_.emplace(job->id, job);
  pool.jobs.push_back(job);
  return job;
}

void Runs::enqueue(const Pool& pool, const JobPtr& job) {
  if (job->not_before > clock_.now().mono) {
    job->phase = Job::Phase::held;
    agenda_.set({AgendaKey::Kind::job_start, job->id}, job->not_before);
    return;
  }
  const bool predecessor = std::ranges::any_of(pool.jobs, [&](const JobPtr& other) {
    return !other->is_live() && other->same(job->question, job->render);
  });
  if (predecessor) {
    job->phase = Job::Phase::held;
    return;
  }
  job->phase = Job::Phase::queued;
  job->endpoint->queue.push(job->id, job->waiters.empty() ? Priority::schedule : Priority::query,
                            collectors::is_pool_status(*job->question.what) ? 0 : 1);
  dispatch(job->endpoint);
}

void Runs::add_caller(const JobPtr& job, status::Wish wish, std::stop_token stop,
                      status::AnswerCallback callback, status::Source source) {
  job->endpoint->queue.promote(job->id);
  callers_.add(job, std::move(wish), std::move(stop), std::move(callback), source);
}

void Runs::dispatch(const EndpointPtr& endpoint) {
  turns_.offer(endpoint);
  pump();
}

void Runs::start_anew(const Endpoints& endpoints) {
  turns_.start_anew(endpoints.by_name(), endpoints.accounts());
  pump();
}

void Runs::pump() {
  const Now now = clock_.now();
  while (!stopping_ && running_ < most_at_once_) {
    const std::optional<Turn> turn = turns_.next();
    if (!turn) {
      return;
    }
    const JobPtr job = jobs_.at(turn->job);
    if (job->scheduled || callers_.patience(*job, now.mono) >= now.mono + kLeastTime) {
      begin(job, turn->counts, now);
    } else {
      leave_out(job);
    }
  }
}

// It has its turn, and nothing of it has begun.
void Runs::leave_out(const JobPtr& job) {
  job->endpoint->queue.release();
  end_trial(*job);
  withdraw(job, refuse_remnant(*job->endpoint, kLeastTime));
  turns_.offer(job->endpoint);
}

void Runs::begin(const JobPtr& job, bool counts_as_trial, Now now) {
  Pool& pool = *pools_.of(*job);
  job->phase = Job::Phase::running;
  job->started = now.mono;
  if (counts_as_trial) {
    agenda_.set({AgendaKey::Kind::trial_end, job->id},
                now.mono + job->endpoint->account->account.patience());
  }
  job->deadline = job->scheduled ? now.mono + budget(pool.options)
                                 : std::min<MonoTime>(callers_.patience(*job, now.mono),
                                                      now.mono + pool.options.evaluation_timeout);
  callers_.job_began(*job);
  agenda_.set({AgendaKey::Kind::guard, job->id}, job->deadline + kGuard);
  ++running_;
  if (job->drives_activity()) {
    pool.activity.started();
  }
  if (job->question.is_scheduled()) {
    pools_.running_changed(pool);
  }
  remote::Ask ask = ask_for(job->question, job->render);
  ask.front_end = job->front_end;
  outbox_.post(
      [this, launch = Launch{job->id, job->endpoint->options.transport, std::move(ask),
                             job->deadline}]() mutable { hooks_.launch(std::move(launch)); });
}

std::optional<Runs::Ended> Runs::ended(JobId id) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    return std::nullopt;
  }
  const JobPtr job = found->second;
  agenda_.erase({AgendaKey::Kind::guard, id});
  job->endpoint->queue.release();
  end_trial(*job);
  if (job->phase != Job::Phase::abandoned) {
    --running_;
  }
  forget(job);
  return Ended{job, job->phase == Job::Phase::running};
}

Runs::Ended Runs::give_up(JobId id) {
  const JobPtr job = jobs_.at(id);
  const bool wanted = job->phase == Job::Phase::running;
  end_trial(*job);
  job->phase = Job::Phase::abandoned;
  --running_;
  if (wanted && pools_.of(*job) != nullptr) {
    outbox_.post([this, id] { hooks_.cancel(id); });
  }
  return {job, wanted};
}

void Runs::release_successor(const Pool& pool, const Job& ended) {
  const JobPtr next = pool.live_job(ended.question, ended.render);
  if (next && next->phase == Job::Phase::held) {
    enqueue(pool, next);
  }
}

void Runs::may_start(JobId id) {
  const JobPtr& job = jobs_.at(id);
  if (const Pool* const pool = pools_.of(*job)) {
    enqueue(*pool, job);
  }
}

void Runs::end_trial(const Job& job) {
  Turns::ended(*job.endpoint, job.id);
  agenda_.erase({AgendaKey::Kind::trial_end, job.id});
}

void Runs::trial_overdue(JobId id) {
  const JobPtr& job = jobs_.at(id);
  if (Turns::fell_silent(*job->endpoint->account, id)) {
    dispatch(job->endpoint);
  }
}

void Runs::forget(const JobPtr& job) {
  job->endpoint->queue.remove(job->id);
  agenda_.erase({AgendaKey::Kind::job_start, job->id});
  jobs_.erase(job->id);
  if (Pool* pool = pools_.of(*job)) {
    std::erase(pool->jobs, job);
  }
}

void Runs::answer(const Job& job, const status::EvaluationPtr& evaluation) {
  for (const Waiter& waiter : callers_.take_all(job)) {
    outbox_.answer(waiter.callback, {evaluation, waiter.source});
  }
}

void Runs::answer_waiting(const Pool& pool, const status::EvaluationPtr& evaluation) {
  for (const JobPtr& job : std::vector<JobPtr>(pool.jobs)) {
    if (!job->is_waiting() || !job->render.wanted() || job->question != evaluation->question) {
      continue;
    }
    for (const Waiter& waiter : callers_.take_all(*job)) {
      outbox_.answer(waiter.callback, {evaluation, status::Source::cache});
    }
    forget(job);
  }
}

void Runs::refuse_all(const Job& job, const status::Refusal& refusal) {
  for (const Waiter& waiter : callers_.take_all(job)) {
    outbox_.refuse(waiter.callback, {refusal.error, refusal.retry_after, pools_.last_known(job)});
  }
}

void Runs::refuse_waiting(const JobPtr& job, const status::Refusal& refusal) {
  refuse_all(*job, refusal);
  forget(job);
}

void Runs::withdraw(const JobPtr& job, const status::Refusal& refusal) {
  refuse_all(*job, refusal);
  job->scheduled = false;
  withdraw_if_unwanted(job);
}

std::vector<Waiter> Runs::drop(const JobPtr& job) {
  std::vector<Waiter> orphans = callers_.take_all(*job);
  if (job->is_waiting()) {
    forget(job);
  } else if (job->phase == Job::Phase::running) {
    cancel(*job);
  }
  return orphans;
}

void Runs::cancel(Job& job) {
  job.phase = Job::Phase::cancelled;
  outbox_.post([this, id = job.id] { hooks_.cancel(id); });
}

void Runs::caller_gone(WaiterId id) {
  if (!callers_.contains(id)) {
    return;
  }
  const Waiter waiter = callers_.take(id);
  outbox_.refuse(waiter.callback, refuse_gone());
  withdraw_if_unwanted(waiter.job);
  outbox_.flush();
}

void Runs::waiter_expired(WaiterId id) {
  const Waiter waiter = callers_.take(id);
  const Job& job = *waiter.job;
  const bool held = job.endpoint->place == Endpoint::Place::held;
  status::Refusal refusal =
      job.is_waiting() ? refuse_queued(*job.endpoint, held) : refuse_slow(*job.endpoint);
  refusal.last_known = pools_.last_known(job);
  outbox_.refuse(waiter.callback, std::move(refusal));
  withdraw_if_unwanted(waiter.job);
}

void Runs::withdraw_if_unwanted(const JobPtr& job) {
  if (!job->is_live() || job->scheduled || !job->waiters.empty()) {
    return;
  }
  const Now now = clock_.now();
  Pool* pool = pools_.of(*job);
  if (job->is_waiting()) {
    forget(job);
  } else {
    cancel(*job);
    if (pool != nullptr) {
      pool->cache.cancelled(job->question, now.mono);
    }
  }
  if (pool != nullptr && job->drives_activity()) {
    pool->activity.finished(now.mono);
    pools_.plan(*pool);
  }
  if (pool != nullptr && job->question.is_scheduled()) {
    pools_.running_changed(*pool);
  }
}

}  // namespace sfb::engine
