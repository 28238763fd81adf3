// The core's life: configuration, start, stop.
#include "agent/engine/core.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace sfb::engine {

namespace {

constexpr std::chrono::seconds kFirstCycleCap{60};

AgendaKey due_of(std::uint64_t generation) {
  return {AgendaKey::Kind::pool_due, generation};
}

AgendaKey backoff_end_of(EndpointId endpoint) {
  return {AgendaKey::Kind::backoff_end, endpoint};
}

}  // namespace

Core::Core(const Clock& clock, Logger logger, Hooks hooks)
    : clock_(clock), logger_(std::move(logger)), hooks_(std::move(hooks)) {}

void Core::apply(Options options) {
  if (stopping_) {
    return;
  }
  const Now now = clock_.now();
  dirty_ = true;
  const auto before = transports();
  std::set<EndpointPtr> resting;
  for (const auto& [name, endpoint] : endpoints_) {
    agenda_.erase(backoff_end_of(endpoint->id));
    if (endpoint->backoff_until(now.mono)) {
      resting.insert(endpoint);
    }
  }
  auto endpoints = adopt_endpoints(std::move(options.endpoints), now);
  std::map<Fqdn, PoolOptions> wanted;
  for (PoolOptions& pool : options.pools) {
    if (endpoints.contains(pool.identity.endpoint)) {
      wanted.emplace(pool.identity.fqdn, std::move(pool));
    } else {
      logger_.error("pool has no endpoint",
                    {{"pool", pool.identity.fqdn.str()}, {"endpoint", pool.identity.endpoint}});
    }
  }
  options.endpoints.clear();
  options.pools.clear();
  options_ = std::move(options);

  std::vector<Waiter> orphans;
  std::erase_if(pools_, [&](auto& entry) {
    Pool& pool = *entry.second;
    const auto stays = wanted.find(pool.fqdn());
    // The same endpoint object means the same address and credentials.
    if (stays != wanted.end() && endpoints.at(stays->second.identity.endpoint) == pool.endpoint) {
      return false;
    }
    retire(pool, orphans);
    return true;
  });
  endpoints_ = std::move(endpoints);
  endpoints_by_id_.clear();
  for (const auto& [name, endpoint] : endpoints_) {
    endpoints_by_id_.emplace(endpoint->id, endpoint);
    endpoint->account->members.push_back(endpoint.get());
  }
  retire_unused(before);
  for (auto& [fqdn, pool] : wanted) {
    const auto known = pools_.find(fqdn);
    const EndpointPtr& endpoint = endpoints_.at(pool.identity.endpoint);
    if (known != pools_.end()) {
      const bool freed = resting.contains(endpoint) && !endpoint->backoff_until(now.mono);
      keep_pool(*known->second, std::move(pool), freed, now);
    } else {
      add_pool(std::move(pool), endpoint, now);
    }
  }
  for (const auto& [name, endpoint] : endpoints_) {
    backoff_changed(*endpoint, now);
  }
  start_anew();
  // Callers of a pool that starts anew ask the new one; of a removed one hear that it is gone.
  for (Waiter& orphan : orphans) {
    evaluate(orphan.job->question, std::move(orphan.wish), orphan.stop, std::move(orphan.callback));
  }
  flush();
}

std::map<std::string, Core::EndpointPtr> Core::adopt_endpoints(std::vector<EndpointOptions> options,
                                                               Now now) {
  std::map<std::string, EndpointPtr> adopted;
  std::map<std::string, std::shared_ptr<SharedAccount>> accounts;
  std::map<EndpointPtr, std::shared_ptr<remote::Transport>> moved;
  for (const auto& [name, account] : accounts_) {
    account->empty();
  }
  for (EndpointOptions& each : options) {
    const auto known = endpoints_.find(each.name);
    const bool same = known != endpoints_.end() && known->second->options.identity == each.identity;
    const EndpointPtr endpoint =
        same ? known->second : make_endpoint(each, known != endpoints_.end());
    if (same && (each.terms.empty() || each.terms != endpoint->options.terms)) {
      endpoint->backoff.end(now.mono);
      endpoint->pardoned = true;
    }
    auto secret = endpoint->options.transport->secret();
    if (same && !each.settings.empty() && each.settings == endpoint->options.settings) {
      each.transport = endpoint->options.transport;
    }
    if (!same || endpoint->options.transport != each.transport) {
      each.transport->on_change(hooks_.content_changed);
      each.transport->on_credentials([hook = hooks_.credentials_changed, id = endpoint->id](
                                         std::uint64_t secret) { hook(id, secret); });
    }
    if (same && endpoint->options.transport != each.transport) {
      moved.emplace(endpoint, endpoint->options.transport);
    }
    endpoint->queue.set_max_concurrent(each.max_concurrent);
    // One of its own for who shares none, and the same one as before the reload.
    const std::string name = each.account.empty() ? "endpoint " + each.name : each.account;
    const auto old = accounts_.find(name);
    const auto account =
        accounts
            .emplace(name, old != accounts_.end() ? old->second : std::make_shared<SharedAccount>())
            .first->second;
    join_account(*endpoint, account);
    each.transport->refresh(secret ? secret : account->secret);
    endpoint->options = std::move(each);
    adopted.insert_or_assign(endpoint->options.name, endpoint);
  }
  accounts_ = std::move(accounts);
  // Pools move to a new transport object; runs keep the old one alive until they return.
  for (const auto& [fqdn, pool] : pools_) {
    if (const auto old = moved.find(pool->endpoint); old != moved.end()) {
      old->second->remove_pool(fqdn);
      pool->endpoint->options.transport->add_pool(fqdn);
    }
  }
  return adopted;
}

Core::EndpointPtr Core::make_endpoint(const EndpointOptions& options, bool known) {
  auto made = std::make_shared<Endpoint>(
      Endpoint{++endpoints_made_, options, EndpointQueue(options.max_concurrent)});
  // Under another name it is the same server, which refused the same account.
  const auto twin = std::ranges::find_if(endpoints_, [&](const auto& entry) {
    return !options.terms.empty() && entry.second->options.terms == options.terms;
  });
  if (twin != endpoints_.end()) {
    made->backoff = twin->second->backoff;
    made->refused_with = twin->second->refused_with;
  } else {
    made->pardoned = known;
  }
  return made;
}

void Core::join_account(Endpoint& endpoint, const std::shared_ptr<SharedAccount>& account) {
  if (endpoint.account == account) {
    return;
  }
  // Its runs under way are tried with the account that it had.
  for (const auto& [id, job] : jobs_) {
    if (endpoint.account && job->endpoint.get() == &endpoint) {
      endpoint.account->end_trial(id);
    }
  }
  endpoint.account = account;
  endpoint.turn = 0;
}

void Core::keep_pool(Pool& pool, PoolOptions options, bool freed, Now now) {
  pool.knowledge.set_limits(options_.limits);
  pool.knowledge.reconfigure(options.identity);
  pool.options = std::move(options);
  pool.activity.set_interval(pool.options.evaluation_interval, now.mono);
  if (freed && started_) {
    pool.activity.schedule(now.mono);
  }
  plan(pool);
}

void Core::add_pool(PoolOptions options, EndpointPtr endpoint, Now now) {
  const Fqdn fqdn = options.identity.fqdn;
  const std::uint64_t generation = ++generations_;
  status::Knowledge knowledge(options.identity, options_.limits);
  const Activity activity(options.evaluation_interval, spread_of(fqdn));
  auto pool = std::make_unique<Pool>(Pool{.options = std::move(options),
                                          .generation = generation,
                                          .endpoint = std::move(endpoint),
                                          .knowledge = std::move(knowledge),
                                          .history = status::History(),
                                          .activity = activity,
                                          .cache = {},
                                          .jobs = {},
                                          .last_failure = {},
                                          .last_code = {},
                                          .last_notes = {}});
  by_generation_.emplace(generation, pool.get());
  pool->endpoint->options.transport->add_pool(fqdn);
  pool->endpoint->pools.push_back(pool.get());
  if (started_) {
    pool->activity.schedule(now.mono);
    plan(*pool);
  }
  pools_.emplace(fqdn, std::move(pool));
}

void Core::retire(Pool& pool, std::vector<Waiter>& orphans) {
  for (const JobPtr& job : std::vector<JobPtr>(pool.jobs)) {
    for (const WaiterId id : std::vector<WaiterId>(job->waiters)) {
      orphans.push_back(take_waiter(id));
    }
    if (job->is_waiting()) {
      forget(job);
    } else if (job->phase == Job::Phase::running) {
      job->phase = Job::Phase::cancelled;
      outbox_.emplace_back([this, id = job->id] { hooks_.cancel(id); });
    }
  }
  agenda_.erase(due_of(pool.generation));
  attempted(pool);
  by_generation_.erase(pool.generation);
  std::erase(pool.endpoint->pools, &pool);
  pool.endpoint->options.transport->remove_pool(pool.fqdn());
}

void Core::retire_unused(const std::vector<std::shared_ptr<remote::Transport>>& before) {
  const auto used = transports();
  for (const auto& old : before) {
    if (std::ranges::find(used, old) == used.end()) {
      outbox_.emplace_back([this, old] { hooks_.retire(old); });
    }
  }
}

std::vector<std::shared_ptr<remote::Transport>> Core::transports() const {
  std::vector<std::shared_ptr<remote::Transport>> all;
  all.reserve(endpoints_.size());
  for (const auto& [name, endpoint] : endpoints_) {
    all.push_back(endpoint->options.transport);
  }
  return all;
}

void Core::plan(Pool& pool) {
  agenda_.set(due_of(pool.generation), pool.activity.next_due());
}

void Core::start() {
  if (started_ || stopping_) {
    return;
  }
  started_ = true;
  const Now now = clock_.now();
  std::chrono::milliseconds longest{0};
  for (const auto& [fqdn, pool] : pools_) {
    const PoolOptions& options = pool->options;
    const std::chrono::milliseconds spread =
        std::min<std::chrono::milliseconds>(options.evaluation_interval, kFirstSpread);
    longest = std::max(longest, spread + std::min(options.evaluation_timeout,
                                                  options.evaluation_interval * 4 / 5));
    pool->awaited = true;
    pool->activity.schedule(now.mono);
    plan(*pool);
  }
  awaited_ = pools_.size();
  first_cycle_deadline_ = now.mono + std::min<std::chrono::milliseconds>(longest, kFirstCycleCap);
}

void Core::stop() {
  if (stopping_) {
    return;
  }
  stopping_ = true;
  for (const auto& [name, endpoint] : endpoints_) {
    agenda_.erase(backoff_end_of(endpoint->id));
  }
  for (const auto& [fqdn, pool] : pools_) {
    pool->activity.drain();
    plan(*pool);
    for (const JobPtr& job : std::vector<JobPtr>(pool->jobs)) {
      for (const WaiterId id : std::vector<WaiterId>(job->waiters)) {
        const Waiter waiter = take_waiter(id);
        refuse(waiter.callback,
               Error{Reason::throttled, "engine.stopping", "the agent is shutting down",
                     "ask again when it is back", "", Stage::none},
               std::chrono::seconds(5), last_known(*job));
      }
      job->scheduled = false;
      withdraw_if_unwanted(job);
    }
  }
  flush();
}

}  // namespace sfb::engine
