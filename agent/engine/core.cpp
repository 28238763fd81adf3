#include "agent/engine/core.hpp"

#include "agent/engine/conclusion.hpp"
#include "agent/engine/refusals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace sfb::engine {

namespace {

AgendaKey backoff_end_of(const Endpoint& endpoint) {
  return {AgendaKey::Kind::backoff_end, endpoint.id};
}

}  // namespace

Core::Core(const Clock& clock, Logger logger, Hooks hooks)
    : clock_(clock),
      logger_(std::move(logger)),
      hooks_(std::move(hooks)),
      keeping_(hooks_.keeper, logger_),
      evaluations_(keeping_.last_id()),
      endpoints_({hooks_.content_changed, hooks_.credentials_changed}),
      runs_(clock, agenda_, outbox_, pools_, {hooks_.launch, hooks_.cancel}),
      reception_(runs_, outbox_),
      admission_(logger_,
                 {[this](const Endpoint& endpoint, Now now) { backoff_changed(endpoint, now); },
                  [this](const Endpoint& endpoint, MonoTime until, Now now) {
                    refuse_waiting_jobs(endpoint, until, now);
                  }}) {}

void Core::apply(Options options) {
  if (stopping_) {
    return;
  }
  const Now now = clock_.now();
  pools_.all_changed();
  const auto before = transports();
  std::set<EndpointPtr> resting;
  for (const auto& [name, endpoint] : endpoints_.by_name()) {
    agenda_.erase(backoff_end_of(*endpoint));
    if (endpoint->backoff_until(now.mono)) {
      resting.insert(endpoint);
    }
  }
  endpoints_.adopt(std::exchange(options.endpoints, {}), now);
  Wanted wanted = wanted_pools(std::exchange(options.pools, {}), endpoints_.by_name(),
                               pools_.by_name(), logger_);
  options_ = std::move(options);
  runs_.set_most_at_once(options_.max_concurrent_evaluations);
  reception_.set_limits(options_.min_live_interval, options_.max_waiting_queries);
  std::vector<Waiter> orphans = remove_pools(wanted, now);
  retire_unused(before);
  for (auto& [key, pool] : wanted) {
    const EndpointPtr& endpoint = endpoints_.by_name().at(pool.identity.endpoint.str());
    if (Pool* const known = pools_.find(key.first, *pool.what)) {
      const bool freed = resting.contains(endpoint) && !endpoint->backoff_until(now.mono);
      pools_.keep(*known, std::move(pool), options_.limits, freed, now);
    } else {
      keeping_.recall(pools_.add(std::move(pool), endpoint, options_.limits, now), options_.limits,
                      objects_, now);
    }
  }
  if (!std::exchange(configured_, true)) {
    keeping_.settle();
  }
  for (const auto& [name, endpoint] : endpoints_.by_name()) {
    backoff_changed(*endpoint, now);
  }
  runs_.start_anew(endpoints_);
  // Callers of a pool that starts anew ask the new one; of a removed one hear that it is gone.
  for (Waiter& orphan : orphans) {
    evaluate(orphan.job->question, std::move(orphan.wish), orphan.stop, std::move(orphan.callback));
  }
  outbox_.flush();
}

// Also those that start anew: another endpoint object means another address or other credentials,
// or another name of the same ones.
std::vector<Waiter> Core::remove_pools(const Wanted& wanted, Now now) {
  std::vector<std::pair<Pool*, EndpointPtr>> going;  // with the endpoint from now on, or null
  for (const auto& [key, pool] : pools_.by_name()) {
    const auto stays = wanted.find(key);
    const EndpointPtr next = stays == wanted.end()
                                 ? nullptr
                                 : endpoints_.by_name().at(stays->second.identity.endpoint.str());
    if (next != pool->endpoint) {
      going.emplace_back(pool.get(), next);
    }
  }
  std::vector<Waiter> orphans;
  std::vector<std::string> removed;
  for (const auto& [pool, next] : going) {
    for (const JobPtr& job : std::vector<JobPtr>(pool->jobs)) {
      std::ranges::move(runs_.drop(job), std::back_inserter(orphans));
    }
    if (next == nullptr && pool->is_status()) {
      removed.push_back(pool->fqdn().str());
    }
    if (next == nullptr || next->options.identity == pool->endpoint->options.identity) {
      keeping_.leave(*pool, now);
    } else {
      keeping_.forget(*pool);
    }
    pools_.remove(*pool);
  }
  keeping_.tell_removed(removed);
  return orphans;
}

void Core::retire_unused(const std::vector<std::shared_ptr<remote::TransportControl>>& before) {
  const auto used = transports();
  for (const auto& old : before) {
    if (std::ranges::find(used, old) == used.end()) {
      outbox_.post([this, old] { hooks_.retire(old); });
    }
  }
}

void Core::start() {
  if (!pools_.started() && !stopping_) {
    pools_.start(clock_.now());
  }
}

void Core::stop() {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  runs_.stop();
  for (const auto& [name, endpoint] : endpoints_.by_name()) {
    agenda_.erase(backoff_end_of(*endpoint));
  }
  for (const auto& [fqdn, pool] : pools_.by_name()) {
    pool->activity.drain();
    pools_.plan(*pool);
    for (const JobPtr& job : std::vector<JobPtr>(pool->jobs)) {
      runs_.withdraw(job, refuse_stopping());
    }
  }
  outbox_.flush();
}

void Core::evaluate(const status::Question& question, status::Wish wish, std::stop_token stop,
                    status::AnswerCallback callback) {
  const Now now = clock_.now();
  Pool* pool = pools_.find(question.pool, *question.what);
  if (const Pool* const status = pools_.find(question.pool);
      pool == nullptr && status != nullptr && !stopping_) {
    pool = &pools_.add(only_asked(status->options, *question.what), status->endpoint,
                       options_.limits, now);
  }
  if (stopping_) {
    status::Refusal refusal = refuse_stopping();
    const AnswerCache::Entry* known = pool == nullptr ? nullptr : pool->cache.find(question);
    refusal.last_known = known == nullptr ? nullptr : known->latest();
    outbox_.refuse(callback, std::move(refusal));
  } else if (pool == nullptr) {
    outbox_.refuse(callback, refuse_unknown(question.pool));
  } else if (stop.stop_requested()) {
    outbox_.refuse(callback, refuse_gone());
  } else {
    reception_.ask(*pool, question, std::move(wish), std::move(stop), callback, now);
  }
  outbox_.flush();
}

void Core::content_changed(const Fqdn& fqdn, std::string_view collector) {
  for (Pool* const pool : pools_.all_of(fqdn)) {
    if (pool->what().name == collector && pool->options.scheduled && !stopping_) {
      pool->activity.nudge(clock_.now().mono);
      pools_.plan(*pool);
      // A waiting run will read it, also if the callers it is for go away.
      const JobPtr job = pool->live_job(scheduled_question(fqdn, pool->what()));
      if (job && job->is_waiting()) {
        job->scheduled = true;
      }
    }
  }
}

void Core::credentials_changed(EndpointId id, std::uint64_t secret) {
  const EndpointPtr endpoint = endpoints_.find(id);
  if (endpoint == nullptr || stopping_) {
    return;
  }
  const Now now = clock_.now();
  for (const auto& [each, rested] : admission_.credentials_changed(*endpoint, secret, now)) {
    if (!pools_.started() || each->backoff_until(now.mono)) {
      continue;
    }
    for (Pool* pool : each->pools) {
      if (!pool->options.scheduled) {
        continue;
      }
      if (rested || (each == endpoint.get() && pool->log.failing())) {
        pool->activity.schedule(now.mono);
        pools_.plan(*pool);
      }
    }
  }
  runs_.dispatch(endpoint);
  outbox_.flush();
}

void Core::tick() {
  const Now now = clock_.now();
  while (const auto key = agenda_.pop_due(now.mono)) {
    switch (key->kind) {
      case AgendaKey::Kind::waiter:
        runs_.waiter_expired(key->id);
        break;
      case AgendaKey::Kind::guard:
        guard_due(key->id, now);
        break;
      case AgendaKey::Kind::trial_end:
        runs_.trial_overdue(key->id);
        break;
      case AgendaKey::Kind::job_start:
        runs_.may_start(key->id);
        break;
      case AgendaKey::Kind::backoff_end:
        if (const EndpointPtr endpoint = endpoints_.find(key->id)) {
          backoff_changed(*endpoint, now);
        }
        break;
      case AgendaKey::Kind::pool_due:
        pool_due(*pools_.of_generation(key->id), now);
        break;
    }
  }
  outbox_.flush();
}

void Core::pool_due(Pool& pool, Now now) {
  const Activity::Due due = pool.activity.due(now.mono, pool.is_left_alone(now.mono));
  pools_.plan(pool);
  const status::Question question = scheduled_question(pool.fqdn(), pool.what());
  switch (due) {
    case Activity::Due::start: {
      const JobPtr job = runs_.make(pool, question);
      job->scheduled = true;
      pool.activity.queued();
      runs_.enqueue(pool, job);
      return;
    }
    case Activity::Due::adopt:
      if (const JobPtr job = pool.live_job(question)) {
        job->scheduled = true;
      }
      return;
    case Activity::Due::overrun:
      pool.knowledge.overrun();
      pools_.changed(pool);
      logger_.log(
          LogLevel::warn, "evaluation overrun",
          who_and(question, {{"endpoint", pool.endpoint->options.name},
                             {"interval", format_duration(pool.options.evaluation_interval)}}));
      return;
    case Activity::Due::skipped:
      pools_.attempted(pool);  // as far as it goes: readiness does not wait for a back-off
      if (const auto until = pool.endpoint->backoff_until(now.mono)) {
        tell_backoff(pool, *until, now);
      }
      return;
    case Activity::Due::nothing:
      return;
  }
}

void Core::tell_backoff(Pool& pool, MonoTime until, Now now) {
  if (pool.told_backoff != until) {
    pool.told_backoff = until;
    keeping_.add(pool,
                 pool.history.skip(++evaluations_, scheduled_question(pool.fqdn(), pool.what()),
                                   refuse_backoff(*pool.endpoint, until, now).error, now.wall));
  }
}

void Core::finished(JobId id, Result<remote::Reply> result) {
  const Now now = clock_.now();
  const auto ended = runs_.ended(id);
  if (!ended) {
    return;
  }
  const Job& job = *ended->job;
  if (!ended->wanted && !result) {
    // Whoever has gone, the account was tried: a caller who hangs up early must not lock it.
    learn_outcome(job, &result.error(), false, now);
  }
  if (Pool* const pool = pools_.of(job)) {
    if (ended->wanted) {
      conclude(*pool, job, std::move(result), now);
    }
    runs_.release_successor(*pool, job);
  }
  runs_.dispatch(job.endpoint);
  outbox_.flush();
}

void Core::guard_due(JobId id, Now now) {
  const auto [job, wanted] = runs_.give_up(id);
  const std::string& endpoint = job->endpoint->options.name;
  std::vector<LogField> fields = who_and(job->question, {{"endpoint", endpoint}});
  add_request(fields, job->request_id);
  logger_.log(LogLevel::error, "transport did not return", fields);
  Pool* const pool = pools_.of(*job);
  if (wanted && pool != nullptr) {
    conclude(
        *pool, *job,
        fail(Reason::timeout, "timeout.abandoned",
             fmt::format("the transport of endpoint {} did not return by its deadline", endpoint),
             "its slot stays taken until it does; look for a dead network mount or server"),
        now);
  }
  runs_.dispatch(job->endpoint);
}

void Core::conclude(Pool& pool, const Job& job, Result<remote::Reply> result, Now now) {
  const bool scheduled = job.question.is_scheduled();
  const auto before = scheduled ? pool.knowledge.last_good() : nullptr;
  const std::uint64_t session = result ? result->session : 0;
  const bool has_room = objects_.hold(result, scheduled, options_.limits);
  const status::EvaluationPtr evaluation =
      engine::conclude(++evaluations_, job, std::move(result), options_.limits, now);
  const status::EvaluationPtr kept = has_room ? evaluation : without_objects(*evaluation);
  const status::HistoryEntry entry = pool.history.add(*kept, job.scheduled, before.get());
  keeping_.add(pool, entry);
  pool.cache.add(kept, now.mono);
  if (job.drives_activity()) {
    pool.activity.finished(now.mono);
  }
  if (scheduled) {
    pools_.running_changed(pool);
    pool.knowledge.completed(kept);
    keeping_.changed(pool, now);
    pools_.answered(pool);
    if (pool.is_status()) {
      pools_.observe(pool, *evaluation);
    }
    pools_.attempted(pool);
  }
  if (pool.options.scheduled || !scheduled) {
    pool.log.completed(logger_, *kept, entry.changes, pool.options.identity.facts());
  }
  pool.note_session(*evaluation, session, logger_);
  runs_.answer(job, evaluation);
  if (options_.min_live_interval > options_.min_live_interval.zero()) {
    runs_.answer_waiting(pool, evaluation);
  }
  const Error* const failure = evaluation->error ? &*evaluation->error : nullptr;
  const bool let_in = evaluation->result != nullptr || failure->let_in;
  learn_outcome(job, failure, let_in, now);
  if (failure != nullptr && causes_backoff(*failure)) {
    pool.told_backoff = pool.endpoint->backoff_until(now.mono);  // by this failure
  }
  pools_.plan(pool);
}

void Core::learn_outcome(const Job& job, const Error* failure, bool let_in, Now now) {
  if (!stopping_ && job.endpoint->uses_backoff() && endpoints_.find(job.endpoint->id) != nullptr) {
    admission_.learn(job, failure, let_in, now);
  }
}

void Core::backoff_changed(const Endpoint& endpoint, Now now) {
  const auto until = endpoint.backoff_until(now.mono);
  agenda_.set(backoff_end_of(endpoint), until);
  pools_.show_backoff(endpoint, until, now);
}

void Core::refuse_waiting_jobs(const Endpoint& endpoint, MonoTime until, Now now) {
  const status::Refusal refusal = refuse_backoff(endpoint, until, now);
  for (Pool* pool : endpoint.pools) {
    for (const JobPtr& job : std::vector<JobPtr>(pool->jobs)) {
      if (!job->is_waiting()) {
        continue;
      }
      if (job->scheduled) {
        tell_backoff(*pool, until, now);
      }
      runs_.refuse_waiting(job, refusal);
      if (job->drives_activity()) {
        pools_.attempted(*pool);
        pool->activity.finished(now.mono);
        pools_.plan(*pool);
      }
    }
  }
}

}  // namespace sfb::engine
