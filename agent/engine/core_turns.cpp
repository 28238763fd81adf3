// Whose turn it is: the endpoints of one account, and all endpoints under the global limit.
#include "agent/engine/core.hpp"

#include <utility>

namespace sfb::engine {

// An endpoint with work stands in its account's `held` or in ready_, as long as it has any;
// whatever gives it work or its account room calls this.
void Core::dispatch(const EndpointPtr& endpoint) {
  enlist(endpoint);
  promote(*endpoint->account);
  pump();
}

void Core::enlist(const EndpointPtr& endpoint) {
  if (endpoint->place == Endpoint::Place::nowhere && endpoint->has_work()) {
    endpoint->place = Endpoint::Place::held;
    endpoint->account->held.emplace(std::pair(endpoint->turn, endpoint->id), endpoint);
  }
}

// An account that nobody let in lately is tried by few at once, and by all in turn: an endpoint
// that does not answer must not take every trial.
void Core::promote(SharedAccount& account) {
  while (!account.held.empty() && account.has_room(account.ready)) {
    const EndpointPtr endpoint = account.held.begin()->second.lock();
    account.held.erase(account.held.begin());
    endpoint->place = Endpoint::Place::ready;
    ++account.ready;
    ready_.push_back(endpoint);
  }
}

// Endpoints take turns, one job each, so that under the global limit none is forgotten.
void Core::pump() {
  const Now now = clock_.now();
  while (!stopping_ && !ready_.empty() && running_ < options_.max_concurrent_evaluations) {
    const EndpointPtr endpoint = std::move(ready_.front());
    ready_.pop_front();
    SharedAccount& account = *endpoint->account;
    --account.ready;
    endpoint->place = Endpoint::Place::nowhere;
    if (account.has_room() && endpoint->has_work()) {
      begin(jobs_.at(endpoint->queue.take().value()), now);
    }
    enlist(endpoint);
    promote(account);
  }
}

// After a reload: limits and accounts may be others.
void Core::start_anew() {
  ready_.clear();
  for (const auto& [name, endpoint] : endpoints_) {
    endpoint->place = Endpoint::Place::nowhere;
    enlist(endpoint);
  }
  for (const auto& [name, account] : accounts_) {
    promote(*account);
  }
  pump();
}

}  // namespace sfb::engine
