// The back-off.
#include "agent/engine/backoff.hpp"

#include <algorithm>

namespace sfb::engine {

bool causes_backoff(Reason reason) {
  return reason == Reason::auth || reason == Reason::forbidden || reason == Reason::throttled;
}

bool Backoff::refused(MonoTime started, MonoTime now) {
  if (until(now) || (since_ && started < *since_)) {
    return false;
  }
  accepted_ = false;
  since_ = now;
  until_ = now + kBackoffSteps[step_];
  step_ = std::min(step_ + 1, kBackoffSteps.size() - 1);
  return true;
}

void Backoff::accepted(MonoTime started) {
  if (since_ && started < *since_) {
    return;
  }
  *this = Backoff();
  accepted_ = true;
}

void Backoff::end(MonoTime now) {
  *this = Backoff();
  since_ = now;
}

std::optional<MonoTime> Backoff::until(MonoTime now) const {
  return until_ && *until_ > now ? until_ : std::nullopt;
}

bool is_refused_logon(const Error& error) {
  return error.code == "auth.refused" || error.code == "wsman.authentication";
}

void Account::refused(MonoTime started, MonoTime now) {
  if (since_ && started < *since_) {
    return;
  }
  if (doubted_) {
    backoff_.refused(started, now);
  }
  doubted_ = true;
  since_ = now;
}

void Account::accepted(MonoTime started) {
  if (since_ && started < *since_) {
    return;
  }
  *this = Account();
}

void Account::end(MonoTime now) {
  *this = Account();
  since_ = now;
}

}  // namespace sfb::engine
