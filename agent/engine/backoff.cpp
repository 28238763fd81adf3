// The back-off.
#include "agent/engine/backoff.hpp"

#include <algorithm>

namespace sfb::engine {

bool causes_backoff(Reason reason) {
  return reason == Reason::auth || reason == Reason::forbidden || reason == Reason::throttled;
}

bool Backoff::refused(Reason reason, MonoTime started, MonoTime now) {
  if (until(now) || (since_ && started < *since_)) {
    return false;
  }
  accepted_ = false;
  since_ = now;
  until_ = now + kBackoffSteps[step_];
  reason_ = reason;
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

}  // namespace sfb::engine
