#include "agent/engine/pools.hpp"

#include <algorithm>
#include <utility>

namespace sfb::engine {

namespace {

constexpr std::chrono::seconds kFirstCycleCap{60};

AgendaKey due_of(const Pool& pool) {
  return {AgendaKey::Kind::pool_due, pool.generation};
}

}  // namespace

void Pools::add(PoolOptions options, EndpointPtr endpoint, const Limits& limits, Now now) {
  const Fqdn fqdn = options.identity.fqdn;
  const std::uint64_t generation = ++generations_;
  status::Knowledge knowledge(options.identity, collectors::pool_status(), limits);
  const Activity activity(options.evaluation_interval, spread_of(fqdn));
  auto pool = std::make_unique<Pool>(Pool{.options = std::move(options),
                                          .generation = generation,
                                          .endpoint = std::move(endpoint),
                                          .knowledge = std::move(knowledge),
                                          .history = status::History(),
                                          .activity = activity,
                                          .cache = {},
                                          .log = {},
                                          .jobs = {}});
  by_generation_.emplace(generation, pool.get());
  pool->endpoint->options.transport->add_pool(fqdn);
  pool->endpoint->pools.push_back(pool.get());
  if (started_) {
    pool->activity.schedule(now.mono);
    plan(*pool);
  }
  by_name_.emplace(fqdn, std::move(pool));
}

void Pools::keep(Pool& pool, PoolOptions options, const Limits& limits, bool freed, Now now) {
  pool.knowledge.reconfigure(options.identity, limits);
  pool.options = std::move(options);
  pool.activity.set_interval(pool.options.evaluation_interval, now.mono);
  if (freed && started_) {
    pool.activity.schedule(now.mono);
  }
  plan(pool);
}

void Pools::remove(const Pool& going) {
  const auto node = by_name_.extract(going.fqdn());
  Pool& pool = *node.mapped();
  agenda_.erase(due_of(pool));
  attempted(pool);
  by_generation_.erase(pool.generation);
  std::erase(pool.endpoint->pools, &pool);
  pool.endpoint->options.transport->remove_pool(pool.fqdn());
}

Pool* Pools::find(const Fqdn& fqdn) const {
  const auto found = by_name_.find(fqdn);
  return found == by_name_.end() ? nullptr : found->second.get();
}

Pool* Pools::of_generation(std::uint64_t generation) const {
  const auto found = by_generation_.find(generation);
  return found == by_generation_.end() ? nullptr : found->second;
}

status::EvaluationPtr Pools::last_known(const Job& job) const {
  const Pool* pool = of(job);
  const AnswerCache::Entry* known = pool == nullptr ? nullptr : pool->cache.find(job.question);
  return known == nullptr ? nullptr : known->completed;
}

void Pools::start(Now now) {
  started_ = true;
  std::chrono::milliseconds longest{0};
  for (const auto& [fqdn, pool] : by_name_) {
    const std::chrono::milliseconds spread =
        std::min<std::chrono::milliseconds>(pool->options.evaluation_interval, kFirstSpread);
    longest = std::max(longest, spread + budget(pool->options));
    pool->awaited = true;
    pool->activity.schedule(now.mono);
    plan(*pool);
  }
  awaited_ = by_name_.size();
  first_cycle_deadline_ = now.mono + std::min<std::chrono::milliseconds>(longest, kFirstCycleCap);
}

void Pools::attempted(Pool& pool) {
  if (pool.awaited) {
    pool.awaited = false;
    --awaited_;
  }
}

bool Pools::first_cycle_done(Now now) const {
  return started_ && (awaited_ == 0 || now.mono >= first_cycle_deadline_);
}

void Pools::plan(const Pool& pool) {
  agenda_.set(due_of(pool), pool.activity.next_due());
}

void Pools::running_changed(Pool& pool) {
  pool.knowledge.set_running(pool.is_evaluating());
  dirty_ = true;
}

void Pools::show_backoff(const Endpoint& endpoint, std::optional<MonoTime> until, Now now) {
  for (Pool* pool : endpoint.pools) {
    pool->knowledge.set_backoff(
        until ? std::optional(now.wall + std::chrono::ceil<Micros>(*until - now.mono))
              : std::nullopt);
  }
  dirty_ = true;
}

std::optional<std::vector<status::HistoryEntry>> Pools::history(const Fqdn& fqdn) const {
  const Pool* const pool = find(fqdn);
  return pool == nullptr ? std::nullopt : std::optional(pool->history.newest_first());
}

status::SnapshotPtr Pools::snapshot(Now now) {
  if (snapshot_ && !dirty_ && (!snapshot_valid_until_ || now.mono < *snapshot_valid_until_)) {
    return snapshot_;
  }
  auto made = std::make_shared<status::Snapshot>();
  made->version = (snapshot_ ? snapshot_->version : 0) + 1;
  made->durations = durations_;
  made->pools.reserve(by_name_.size());
  snapshot_valid_until_.reset();
  for (const auto& [fqdn, pool] : by_name_) {
    made->pools.push_back(pool->knowledge.snapshot(now));
    if (const auto change = pool->knowledge.next_change(now)) {
      snapshot_valid_until_ =
          snapshot_valid_until_ ? std::min(*snapshot_valid_until_, *change) : *change;
    }
  }
  dirty_ = false;
  if (!snapshot_ || made->pools != snapshot_->pools ||
      made->durations.count != snapshot_->durations.count) {
    snapshot_ = std::move(made);
  }
  return snapshot_;
}

}  // namespace sfb::engine
