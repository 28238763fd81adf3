#include "agent/engine/turns.hpp"

#include <utility>

namespace sfb::engine {

namespace {

Turn take(Endpoint& endpoint) {
  const JobId job = endpoint.queue.take().value();
  if (endpoint.trial == 0 && endpoint.backoff.on_trial()) {
    endpoint.trial = job;
  }
  SharedAccount& account = *endpoint.account;
  endpoint.turn = ++account.turns;
  const bool counts = endpoint.uses_backoff() && account.account.most_at_once() != Account::kAll;
  if (counts) {
    account.trials.emplace(job, endpoint.id);
  }
  return {job, counts};
}

}  // namespace

void Turns::offer(const EndpointPtr& endpoint) {
  enlist(endpoint);
  promote(*endpoint->account);
}

// Into its account's `held`, unless it stands there or in ready_ already.
void Turns::enlist(const EndpointPtr& endpoint) {
  if (endpoint->place == Endpoint::Place::nowhere && endpoint->has_work()) {
    endpoint->place = Endpoint::Place::held;
    endpoint->account->held.emplace(std::pair(endpoint->turn, endpoint->id), endpoint);
  }
}

// An account that nobody let in lately is tried by few at once, and by all in turn: an endpoint
// that does not answer must not take every trial.
void Turns::promote(SharedAccount& account) {
  while (!account.held.empty() && account.has_room(account.ready)) {
    const EndpointPtr endpoint = account.held.begin()->second.lock();
    account.held.erase(account.held.begin());
    endpoint->place = Endpoint::Place::ready;
    ++account.ready;
    ready_.push_back(endpoint);
  }
}

std::optional<Turn> Turns::next() {
  std::optional<Turn> turn;
  while (!turn && !ready_.empty()) {
    const EndpointPtr endpoint = std::move(ready_.front());
    ready_.pop_front();
    SharedAccount& account = *endpoint->account;
    --account.ready;
    endpoint->place = Endpoint::Place::nowhere;
    if (account.has_room() && endpoint->has_work()) {
      turn = take(*endpoint);
    }
    enlist(endpoint);
    promote(account);
  }
  return turn;
}

void Turns::ended(Endpoint& endpoint, JobId job) {
  if (endpoint.trial == job) {
    endpoint.trial = 0;
  }
  endpoint.account->end_trial(job);
}

bool Turns::fell_silent(SharedAccount& account, JobId job) {
  if (!account.trials.contains(job)) {
    return false;
  }
  account.silent.insert(job);
  return true;
}

void Turns::start_anew(const std::map<std::string, EndpointPtr>& endpoints,
                       const std::map<std::string, SharedAccountPtr>& accounts) {
  ready_.clear();
  for (const auto& [name, endpoint] : endpoints) {
    endpoint->place = Endpoint::Place::nowhere;
    enlist(endpoint);
  }
  for (const auto& [name, account] : accounts) {
    promote(*account);
  }
}

}  // namespace sfb::engine
