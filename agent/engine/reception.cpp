#include "agent/engine/reception.hpp"

#include "agent/engine/kept_objects.hpp"
#include "agent/engine/refusals.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sfb::engine {

namespace {

// Why the question is not to be asked now.
std::optional<status::Refusal> obstacle(const Pool& pool, const status::Question& question,
                                        TextForm render, const status::Wish& wish, Now now) {
  if (auto can = pool.endpoint->options.transport->can_ask(ask_for(question)); !can) {
    return status::Refusal{std::move(can.error()), {}, {}};
  }
  const auto end = pool.endpoint->backoff_until(now.mono);
  if (end && !pool.live_job(question, render)) {
    return refuse_backoff(*pool.endpoint, *end, now);
  }
  if (wish.deadline <= now.mono) {
    return refuse_too_late();
  }
  return std::nullopt;
}

}  // namespace

// A collector beside the pool's status may have questions without number (the name of a server is
// an argument), so that no cache keeps their least interval: they share one.
std::optional<status::Refusal> Reception::too_soon(const Pool& pool,
                                                   const status::Question& question,
                                                   Now now) const {
  if (pool.is_status() || min_live_interval_ <= min_live_interval_.zero()) {
    return std::nullopt;
  }
  const bool another = std::ranges::any_of(pool.jobs, [&](const JobPtr& job) {
    return job->phase != Job::Phase::abandoned && !job->scheduled && job->question != question;
  });
  const auto last = pool.cache.last_end();
  const MonoTime free = another ? now.mono + min_live_interval_
                        : last  ? *last + min_live_interval_
                                : now.mono;
  if (free <= now.mono) {
    return std::nullopt;
  }
  return refuse_too_soon(pool.what(), pool.fqdn(), min_live_interval_, free, now);
}

void Reception::ask(Pool& pool, const status::Question& question, status::Wish wish,
                    std::stop_token stop, const status::AnswerCallback& callback, Now now) {
  const AnswerCache::Entry* const known = pool.cache.find(question);
  if (wish.max_age && known != nullptr && can_be_shown(known->good) &&
      known->good->age(now.mono) <= *wish.max_age) {
    outbox_.answer(callback, {known->good, status::Source::cache});
    return;
  }
  const TextForm render = pool.endpoint->options.transport->can_render() ? wish.render : TextForm{};
  JobPtr job = pool.live_job(question, render);
  auto refusal = obstacle(pool, question, render, wish, now);
  // One who left may come again at once. Who does so again and again still asks the server, so the
  // next one waits.
  const MonoTime not_before = known != nullptr && known->cancelled_before
                                  ? *known->cancelled_before + min_live_interval_
                                  : MonoTime{};
  if (!refusal && !job) {
    if (known != nullptr && known->completed &&
        now.mono - known->completed_at < min_live_interval_) {
      if (can_be_shown(known->completed)) {
        outbox_.answer(callback, {known->completed, status::Source::cache});
        return;
      }
      refusal = refuse_not_kept(pool.what(), pool.fqdn(), min_live_interval_,
                                known->completed_at + min_live_interval_, now);
    } else if (not_before > now.mono && wish.deadline <= not_before) {
      refusal = refuse_impatient(pool.what(), pool.fqdn(), min_live_interval_, not_before, now);
    } else {
      refusal = too_soon(pool, question, now);
    }
  }
  if (!refusal && runs_.waiting_callers() >= max_waiting_) {
    refusal = refuse_crowd(runs_.waiting_callers());
  }
  if (refusal) {
    refusal->last_known = known != nullptr ? known->latest() : nullptr;
    outbox_.refuse(callback, std::move(*refusal));
    return;
  }
  if (job) {
    runs_.add_caller(job, std::move(wish), std::move(stop), callback, status::Source::joined);
    return;
  }
  job = runs_.make(pool, question, render);
  job->trigger = wish.trigger;
  job->request_id = wish.request_id;
  job->not_before = not_before;
  runs_.add_caller(job, std::move(wish), std::move(stop), callback, status::Source::live);
  if (job->drives_activity()) {
    pool.activity.queued();
  }
  runs_.enqueue(pool, job);
}

}  // namespace sfb::engine
