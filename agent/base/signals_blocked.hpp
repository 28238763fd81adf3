// Threads that no signal reaches.
#pragma once

#include <csignal>

namespace sfb {

/// Blocks every signal in this thread while it lives. Threads made meanwhile inherit that, so
/// signals reach the main thread alone. Thread rule: a local of one thread.
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace sfb
