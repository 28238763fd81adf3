#include "agent/engine/endpoint.hpp"

#include <algorithm>

namespace sfb::engine {

bool SharedAccount::has_room(std::size_t chosen) const {
  const std::size_t counted = trials.size() - std::min(silent.size(), Account::kMostSilent);
  return counted + chosen < account.most_at_once();
}

void SharedAccount::end_trial(JobId job) {
  trials.erase(job);
  silent.erase(job);
}

void SharedAccount::end_trials() {
  trials.clear();
  silent.clear();
}

void SharedAccount::end_trials_of(EndpointId endpoint) {
  std::erase_if(trials, [&](const auto& trial) { return trial.second == endpoint; });
  std::erase_if(silent, [&](JobId job) { return !trials.contains(job); });
}

void SharedAccount::empty() {
  members.clear();
  held.clear();
  ready = 0;
}

bool Endpoint::has_work() const {
  return queue.can_take() && (trial == 0 || !backoff.on_trial() || !uses_backoff());
}

std::optional<MonoTime> Endpoint::backoff_until(MonoTime now) const {
  if (!uses_backoff()) {
    return std::nullopt;
  }
  const auto of_account = pardoned ? std::nullopt : account->account.until(now);
  return std::max(backoff.until(now), of_account);  // an absent time is less than any other
}

const Refused& Endpoint::refused_by(MonoTime until, MonoTime now) const {
  return backoff.until(now) == until ? refused : account->refused;
}

}  // namespace sfb::engine
