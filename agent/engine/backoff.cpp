// The back-off.
#include "agent/engine/backoff.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace sfb::engine {

bool causes_backoff(Reason reason) {
  return reason == Reason::auth || reason == Reason::forbidden || reason == Reason::throttled;
}

bool causes_backoff(const Error& error) {
  return causes_backoff(error.reason) || error.retry_after > error.retry_after.zero();
}

bool Backoff::leave_alone(MonoTime started, MonoTime now, std::chrono::seconds wait) {
  if (until(now) || (since_ && started < *since_)) {
    return false;
  }
  accepted_ = false;
  since_ = now;
  until_ = now + wait;
  return true;
}

bool Backoff::refused(MonoTime started, MonoTime now, std::chrono::seconds at_least) {
  const bool began =
      leave_alone(started, now, std::max<std::chrono::seconds>(kBackoffSteps[step_], at_least));
  step_ = began ? std::min(step_ + 1, kBackoffSteps.size() - 1) : step_;
  return began;
}

bool Backoff::asked_to_wait(MonoTime started, MonoTime now, std::chrono::seconds wait) {
  return leave_alone(started, now, wait);
}

void Backoff::accepted(MonoTime started) {
  if (since_ && started < *since_) {
    return;
  }
  const auto since = since_;
  *this = {};
  since_ = since;
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
  // Of a domain controller or of the server, about the account. A refused ticket is not among them:
  // it is never the password.
  constexpr std::array<std::string_view, 8> kCodes = {
      "auth.refused",          "wsman.authentication", "auth.keytab_refused",
      "auth.account_unknown",  "auth.account_locked",  "auth.account_expired",
      "auth.password_expired", "auth.policy"};
  return std::ranges::find(kCodes, error.code) != kCodes.end();
}

bool Account::refused(std::uint64_t endpoint, MonoTime started, MonoTime now) {
  if (since_ && started < *since_) {
    return false;
  }
  if (doubted_by_ && (in_a_row_ || *doubted_by_ != endpoint)) {
    in_a_row_ = true;
    backoff_.refused(started, now);
  }
  doubted_by_ = doubted_by_.value_or(endpoint);
  since_ = now;
  return true;
}

void Account::accepted(MonoTime started) {
  if (since_ && started < *since_) {
    return;
  }
  const auto since = since_;
  *this = {};
  since_ = since;
  accepted_ = true;
}

void Account::end(MonoTime now) {
  *this = Account();
  since_ = now;
}

std::size_t Account::most_at_once() const {
  // Two, so that one that hangs does not hold up all the others.
  constexpr std::size_t kUnproven = 2;
  if (doubted_by_) {
    return 1;
  }
  return accepted_ ? kAll : kUnproven;
}

}  // namespace sfb::engine
