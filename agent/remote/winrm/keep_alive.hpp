// Whether a server leaves connections open behind its answers. Servers, and proxies before them,
// close them without a word behind so many answers, or when they were idle for so long. Pure; time
// comes in as an argument.
#pragma once

#include "agent/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace sfb::remote {

/// What the connections to one endpoint have shown. Thread rule: one owner.
class KeepAlive {
 public:
  /// A connection that answered so many requests is one that lasts.
  static constexpr std::size_t kProven = 10;
  /// A server that closes behind an answer does so within this.
  static constexpr std::chrono::milliseconds kWatch{100};
  /// What is closed sooner than this behind an answer was not closed because it was idle.
  static constexpr std::chrono::seconds kSoon{1};
  /// So long a server is believed to close; then it is tried anew.
  static constexpr std::chrono::hours kMemory{1};

  /// A connection has answered this many requests.
  void answered(std::size_t answers);
  /// The peer closed a connection that it had not said to close, `idle` after its last answer.
  void closed(MonoTime now, std::chrono::nanoseconds idle);

  /// Whether a connection that has answered, and was idle for so long, is to be used again.
  bool may_reuse(MonoTime now, std::chrono::nanoseconds idle);
  /// How long such a connection is to be watched before a request that must not be repeated is
  /// sent over it. 0 where connections have lasted.
  std::chrono::nanoseconds watch(std::chrono::nanoseconds idle) const;

 private:
  bool proven_ = false;
  int soon_ = 0;  ///< closed soon, since a connection lasted
  std::optional<std::chrono::nanoseconds> most_idle_;
  std::optional<MonoTime> forget_;  ///< when all this is forgotten
};

}  // namespace sfb::remote
