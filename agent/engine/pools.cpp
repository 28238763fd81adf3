#include "agent/engine/pools.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sfb::engine {

namespace {

constexpr std::chrono::seconds kFirstCycleCap{60};

AgendaKey due_of(const Pool& pool) {
  return {AgendaKey::Kind::pool_due, pool.generation};
}

std::vector<status::PoolSnapshotPtr>& list_of(status::Snapshot& snapshot, const Pool& pool) {
  return pool.is_status() ? snapshot.pools : snapshot.others;
}

}  // namespace

Pool& Pools::add(PoolOptions options, EndpointPtr endpoint, const Limits& limits, Now now) {
  const PoolKey key = key_of(options.identity.fqdn, *options.what);
  const std::uint64_t generation = ++generations_;
  status::Knowledge knowledge(options.identity, *options.what, limits);
  const Activity activity(options.evaluation_interval, spread_of(key.first));
  auto pool = std::make_unique<Pool>(Pool{.options = std::move(options),
                                          .generation = generation,
                                          .endpoint = std::move(endpoint),
                                          .knowledge = std::move(knowledge),
                                          .history = status::History(common_),
                                          .activity = activity,
                                          .cache = {},
                                          .log = {},
                                          .jobs = {}});
  relist_ = true;
  by_generation_.emplace(generation, pool.get());
  if (pool->options.scheduled) {
    pool->endpoint->options.transport->add_pool(key.first, pool->what().name);
  }
  pool->endpoint->pools.push_back(pool.get());
  if (started_ && pool->options.scheduled) {
    pool->activity.schedule(now.mono);
    plan(*pool);
  }
  return *by_name_.emplace(key, std::move(pool)).first->second;
}

void Pools::keep(Pool& pool, PoolOptions options, const Limits& limits, bool freed, Now now) {
  // Until now only callers asked.
  const bool begins = options.scheduled && !pool.options.scheduled;
  if (begins) {
    pool.endpoint->options.transport->add_pool(pool.fqdn(), pool.what().name);
  }
  pool.knowledge.reconfigure(options.identity, limits);
  pool.options = std::move(options);
  relist_ = true;
  pool.activity.set_interval(pool.options.evaluation_interval, now.mono);
  if ((freed || begins) && started_) {
    pool.activity.schedule(now.mono);
  }
  plan(pool);
}

void Pools::remove(const Pool& going) {
  const auto node = by_name_.extract(key_of(going.fqdn(), going.what()));
  Pool& pool = *node.mapped();
  agenda_.erase(due_of(pool));
  attempted(pool);
  by_generation_.erase(pool.generation);
  relist_ = true;
  std::erase(changed_, &pool);
  std::erase(pool.endpoint->pools, &pool);
  if (pool.options.scheduled) {
    pool.endpoint->options.transport->remove_pool(pool.fqdn(), pool.what().name);
  }
}

Pool* Pools::find(const Fqdn& fqdn, const collectors::Collector& what) const {
  const auto found = by_name_.find(key_of(fqdn, what));
  return found == by_name_.end() ? nullptr : found->second.get();
}

std::vector<Pool*> Pools::all_of(const Fqdn& fqdn) const {
  std::vector<Pool*> found;
  for (auto at = by_name_.lower_bound({fqdn, 0}); at != by_name_.end() && at->first.first == fqdn;
       ++at) {
    found.push_back(at->second.get());
  }
  return found;
}

Pool* Pools::of_generation(std::uint64_t generation) const {
  const auto found = by_generation_.find(generation);
  return found == by_generation_.end() ? nullptr : found->second;
}

status::EvaluationPtr Pools::last_known(const Job& job) const {
  const Pool* pool = of(job);
  const AnswerCache::Entry* known = pool == nullptr ? nullptr : pool->cache.find(job.question);
  return known == nullptr ? nullptr : known->latest();
}

void Pools::start(Now now) {
  started_ = true;
  std::chrono::milliseconds longest{0};
  for (const auto& [key, pool] : by_name_) {
    if (!pool->options.scheduled) {
      continue;
    }
    pool->activity.schedule(now.mono);
    plan(*pool);
    if (pool->is_status()) {
      const std::chrono::milliseconds spread =
          std::min<std::chrono::milliseconds>(pool->options.evaluation_interval, kFirstSpread);
      longest = std::max(longest, spread + budget(pool->options));
      pool->awaited = true;
      ++awaited_;
    }
  }
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

void Pools::plan(Pool& pool) {
  const std::optional<MonoTime> due = pool.activity.next_due();
  agenda_.set(due_of(pool), due);
  pool.knowledge.set_next_due(due);
  changed(pool);
}

void Pools::running_changed(Pool& pool) {
  pool.knowledge.set_running(pool.is_evaluating());
  changed(pool);
}

void Pools::changed(Pool& pool) {
  if (pool.options.scheduled && !std::exchange(pool.changed, true)) {
    changed_.push_back(&pool);
  }
}

void Pools::answered(Pool& pool) {
  changed(pool);
  if (!relist_ && pool.options.scheduled) {
    list_of(edit(), pool)[pool.place].reset();
  }
}

void Pools::show_backoff(const Endpoint& endpoint, std::optional<MonoTime> until, Now now) {
  for (Pool* pool : endpoint.pools) {
    pool->knowledge.set_backoff(
        until ? std::optional(now.wall + std::chrono::ceil<Micros>(*until - now.mono))
              : std::nullopt,
        until ? std::optional(endpoint.refused_by(*until, now.mono).reason) : std::nullopt);
    changed(*pool);
  }
}

void Pools::observe(const Pool& pool, const status::Evaluation& evaluation) {
  durations_.observe(evaluation.duration);
  for (const StageTime& time : evaluation.stages) {
    if (time.stage != Stage::none) {
      stages_[{pool.options.identity.transport.str(), time.stage}].observe(time.duration);
    }
  }
}

std::optional<std::vector<status::HistoryEntry>> Pools::history(const Fqdn& fqdn) const {
  const std::vector<Pool*> pools = all_of(fqdn);
  if (pools.empty()) {
    return std::nullopt;
  }
  std::vector<status::HistoryEntry> entries;
  for (const Pool* const pool : pools) {
    std::ranges::move(pool->history.newest_first(), std::back_inserter(entries));
  }
  std::ranges::sort(entries, std::ranges::greater{}, &status::HistoryEntry::id);
  return entries;
}

status::SnapshotPtr Pools::snapshot(const Endpoints::ByName& endpoints, Now now) {
  const bool time_is_over = changes_at_ && now.mono >= *changes_at_;
  if (!edited_ && !relist_ && changed_.empty() && !time_is_over) {
    return snapshot_;
  }
  if (relist_ || time_is_over) {
    show_all(now);
  } else {
    show_changed(now);
  }
  std::vector<status::EndpointSnapshot> facts;
  for (const auto& [name, endpoint] : endpoints) {
    if (!endpoint->pools.empty()) {
      facts.push_back({name, endpoint->options.transport->facts()});
    }
  }
  if (facts != snapshot_->endpoints) {
    edit().endpoints = std::move(facts);
  }
  if (edited_) {
    snapshot_->durations = durations_;
    snapshot_->stages = stages_;
    ++snapshot_->version;
    edited_ = false;
  }
  return snapshot_;
}

/// Copying the lists of 10,000 pools touches the memory of each, which takes a millisecond. Where
/// nobody else has them any more, they go on. Without memory nothing has changed.
status::Snapshot& Pools::edit() {
  if (!edited_) {
    const bool read_by_others = snapshot_.use_count() > 1;
    // Only this thread gives it out, or locks a weak pointer to it. Giving a reference back orders
    // what follows behind what the last reader did; use_count alone does not.
    std::shared_ptr(snapshot_).reset();
    snapshot_ = read_by_others ? std::make_shared<status::Snapshot>(*snapshot_)
                               : std::make_shared<status::Snapshot>(std::move(*snapshot_));
    edited_ = true;
  }
  return *snapshot_;
}

void Pools::show_changed(Now now) {
  relist_ = true;  // where memory runs out half way
  for (Pool* const pool : std::exchange(changed_, {})) {
    if (auto shown = shown_now(*pool, now); shown != list_of(*snapshot_, *pool)[pool->place]) {
      list_of(edit(), *pool)[pool->place] = std::move(shown);
    }
  }
  relist_ = false;
}

void Pools::show_all(Now now) {
  relist_ = true;  // likewise
  status::Snapshot all;
  changed_.clear();
  changes_at_.reset();
  for (const auto& [key, pool] : by_name_) {
    if (pool->options.scheduled) {
      std::vector<status::PoolSnapshotPtr>& list = list_of(all, *pool);
      pool->place = list.size();
      list.push_back(shown_now(*pool, now));
    }
  }
  if (all.pools != snapshot_->pools || all.others != snapshot_->others) {
    edit().pools = std::move(all.pools);
    edit().others = std::move(all.others);
  }
  relist_ = false;
}

status::PoolSnapshotPtr Pools::shown_now(Pool& pool, Now now) {
  pool.changed = false;
  status::PoolSnapshotPtr shown = pool.knowledge.snapshot(now);
  if (const auto change = pool.knowledge.next_change(now)) {
    changes_at_ = changes_at_ ? std::min(*changes_at_, *change) : *change;
  }
  return shown;
}

}  // namespace sfb::engine
