#include "agent/remote/winrm/keep_alive.hpp"

#include <algorithm>

namespace sfb::remote {

namespace {

// One may be chance: a server that was started anew, a route that changed.
constexpr int kTwice = 2;

}  // namespace

void KeepAlive::answered(std::size_t answers) {
  if (answers >= kProven) {
    proven_ = true;
    soon_ = 0;
  }
}

void KeepAlive::closed(MonoTime now, std::chrono::nanoseconds idle) {
  proven_ = false;
  forget_ = now + kMemory;
  if (idle < kSoon) {
    ++soon_;
  } else {
    // It may have been closed long before it was missed.
    most_idle_ = std::min(most_idle_.value_or(idle), idle / 2);
  }
}

bool KeepAlive::may_reuse(MonoTime now, std::chrono::nanoseconds idle) {
  if (forget_ && now >= *forget_) {
    *this = {};
  }
  return soon_ < kTwice && (!most_idle_ || idle <= *most_idle_);
}

std::chrono::nanoseconds KeepAlive::watch(std::chrono::nanoseconds idle) const {
  return proven_ ? std::chrono::nanoseconds(0)
                 : std::max<std::chrono::nanoseconds>(kWatch - idle, std::chrono::nanoseconds(0));
}

}  // namespace sfb::remote
