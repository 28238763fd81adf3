// Host names to addresses for many endpoints: joins equal look-ups, remembers the last good answer,
// and lets a dead DNS zone block nobody else.
#pragma once

#include "agent/net/resolve.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sfb::net {

/// Thread rule: loop thread; the blocking look-ups run on a pool of its own (kThreads, one job per
/// host name at a time, however many ask).
class Resolver {
 public:
  /// A remembered answer is used when DNS has none after this long, or fails; not when it says that
  /// there is no such name.
  static constexpr std::chrono::milliseconds kPatience{1000};
  /// And forgotten after this long without a good look-up.
  static constexpr std::chrono::hours kMemory{24};

  using Lookup = std::function<Result<Endpoints>(const std::string& host, std::uint16_t port)>;
  /// A dead name holds a thread for tens of seconds, so there are more than a dead zone has
  /// names of endpoints, in all likelihood; each starts when it is needed.
  static constexpr std::size_t kThreads = 64;
  explicit Resolver(std::size_t threads = kThreads, Lookup lookup = resolve_blocking);
  ~Resolver();

  /// As WorkerPool::start.
  Status start();

  struct Answer {
    Endpoints endpoints;
    bool remembered = false;  ///< DNS did not answer; these are from before
  };
  /// Reason::dns, codes of resolve_blocking, resolve.timeout (the deadline came first). IP literals
  /// take no thread. Cancellable; a look-up under way goes on for those who ask next.
  boost::asio::awaitable<Result<Answer>> resolve(std::string host, std::uint16_t port,
                                                 MonoTime deadline);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::net
