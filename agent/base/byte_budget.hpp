// The cap on bytes being read at once over all endpoints (`limits.in_flight`).
#pragma once

#include "agent/base/time.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace sfb {

/// Thread rule: any thread; `acquire` blocks and so belongs on worker threads only, `try_take` is
/// for the loop thread.
class ByteBudget {
 public:
  explicit ByteBudget(std::size_t bytes) : free_(bytes), total_(bytes) {}

  /// Holds bytes until it goes.
  class Hold {
   public:
    Hold() = default;
    Hold(ByteBudget* budget, std::size_t bytes) : budget_(budget), bytes_(bytes) {}
    Hold(Hold&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Hold& operator=(Hold&&) = delete;
    ~Hold();

   private:
    ByteBudget* budget_ = nullptr;
    std::size_t bytes_ = 0;
  };

  /// Waits until `bytes` are free, at most until the deadline (then nullopt). More than the whole
  /// budget counts as the whole.
  std::optional<Hold> acquire(std::size_t bytes, MonoTime deadline);

  /// Takes bytes if they are free now; the taker gives them back. Never waits: an answer that is
  /// half read would wait for others that are half read too.
  bool try_take(std::size_t bytes);
  /// The same, with a holder that gives them back.
  std::optional<Hold> try_hold(std::size_t bytes) {
    return try_take(bytes) ? std::optional<Hold>(std::in_place, this, bytes) : std::nullopt;
  }
  std::size_t total() const { return total_; }
  void give(std::size_t bytes);

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t free_;
  const std::size_t total_;
};

}  // namespace sfb
