#include "agent/engine/endpoints.hpp"

#include "agent/engine/pool.hpp"

#include <algorithm>
#include <utility>

namespace sfb::engine {

namespace {

void join_account(Endpoint& endpoint, const SharedAccountPtr& account) {
  if (endpoint.account == account) {
    return;
  }
  if (endpoint.account) {
    endpoint.account->end_trials_of(endpoint.id);
  }
  endpoint.account = account;
  endpoint.turn = 0;
}

}  // namespace

void Endpoints::adopt(std::vector<EndpointOptions> options, Now now) {
  ByName adopted;
  std::map<std::string, SharedAccountPtr> accounts;
  for (const auto& [name, account] : accounts_) {
    account->empty();
  }
  for (EndpointOptions& each : options) {
    const auto known = by_name_.find(each.name);
    const bool same = known != by_name_.end() && known->second->options.identity == each.identity;
    const EndpointPtr endpoint = same ? known->second : make(each, known != by_name_.end());
    if (same && (each.terms.empty() || each.terms != endpoint->options.terms)) {
      endpoint->backoff.end(now.mono);
      endpoint->pardoned = true;
    }
    const auto secret = endpoint->options.transport->secret();
    use_transport(*endpoint, each, same);
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
  by_name_ = std::move(adopted);
  by_id_.clear();
  for (const auto& [name, endpoint] : by_name_) {
    by_id_.emplace(endpoint->id, endpoint);
    endpoint->account->members.push_back(endpoint.get());
  }
}

void Endpoints::use_transport(Endpoint& endpoint, EndpointOptions& options, bool same) const {
  const auto before = endpoint.options.transport;
  if (same && !options.settings.empty() && options.settings == endpoint.options.settings) {
    options.transport = before;
  }
  if (!same || before != options.transport) {
    options.transport->on_change(hooks_.content_changed);
    options.transport->on_credentials([hook = hooks_.credentials_changed, id = endpoint.id](
                                          std::uint64_t secret) { hook(id, secret); });
  }
  if (same && before != options.transport) {
    for (const Pool* pool : endpoint.pools) {
      if (pool->options.scheduled) {
        before->remove_pool(pool->fqdn(), pool->what().name);
        options.transport->add_pool(pool->fqdn(), pool->what().name);
        if (const auto& good = pool->knowledge.last_good(); good && good->dated) {
          options.transport->recall(pool->fqdn(), pool->what().name, *good->dated,
                                    good->evaluated_at);
        }
      }
    }
  }
}

EndpointPtr Endpoints::make(const EndpointOptions& options, bool known) {
  auto made =
      std::make_shared<Endpoint>(Endpoint{++made_, options, EndpointQueue(options.max_concurrent)});
  // Under another name it is the same server, which refused the same account.
  const auto twin = std::ranges::find_if(by_name_, [&](const auto& entry) {
    return !options.terms.empty() && entry.second->options.terms == options.terms;
  });
  if (twin != by_name_.end()) {
    made->backoff = twin->second->backoff;
    made->refused = twin->second->refused;
  } else {
    made->pardoned = known;
  }
  return made;
}

EndpointPtr Endpoints::find(EndpointId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<remote::TransportControl>> Endpoints::transports() const {
  std::vector<std::shared_ptr<remote::TransportControl>> all;
  all.reserve(by_name_.size());
  for (const auto& [name, endpoint] : by_name_) {
    all.push_back(endpoint->options.transport);
  }
  return all;
}

}  // namespace sfb::engine
