// How a question gets to the server and the objects come back. One implementation per transport
// (README.md).
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/value/pipeline.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::remote {

/// The streams that came back and when they were made.
struct Reply {
  std::shared_ptr<const PipelineResult> result;  ///< never null in a good reply
  WallTime made_at{};  ///< wall time of the content, not in the future (for live transports: now)
  std::chrono::nanoseconds age{0};  ///< at reading, not below 0
  std::vector<StageTime> stages;
  std::string note;  ///< a code that is no failure: `file.clock_skew`
  /// A file without the script's wrapper: anything may have written it, so no message quotes it.
  bool bare = false;
};

/// One endpoint's way to its servers. Thread rule: used on the loop thread; at most
/// `max_concurrent` asks run at once.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Can this be asked at all? (The pool is the call's PoolFqdn.) Reason::protocol, code
  /// `file.cannot_ask`, else.
  virtual Status can_ask(const Call& call) const = 0;
  /// Asks. Ends by the deadline with Reason::timeout and the stage that ran out. Cancellable.
  virtual boost::asio::awaitable<Result<Reply>> ask(Call call, MonoTime deadline) = 0;
  /// Can the server itself make the text of its answer (Call::render_width)? It may still refuse.
  virtual bool can_render() const { return false; }
  /// Tells that new content may be there for a pool (`file` only); called on the loop thread. Set
  /// once, before the first ask.
  virtual void on_change(std::function<void(const Fqdn& pool)> callback) {
    static_cast<void>(callback);
  }
  /// A pool is (no longer) asked here: `file` watches its folder.
  virtual void add_pool(const Fqdn& pool) { static_cast<void>(pool); }
  virtual void remove_pool(const Fqdn& pool) { static_cast<void>(pool); }
  /// Back-off applies (not to files). It is shared by the endpoint's pools,
  /// because they share the account that could be locked.
  virtual bool uses_backoff() const { return true; }
  /// Tells that the credentials changed on disk: what was refused may be accepted now. `secret` is
  /// a number that is the same for equal secrets in one process. Called on the loop thread. Set
  /// once, before the first ask.
  virtual void on_credentials(std::function<void(std::uint64_t secret)> callback) {
    static_cast<void>(callback);
  }
  /// That number of the credentials as they were read last; absent: not read yet, or there are
  /// none on disk.
  virtual std::optional<std::uint64_t> secret() const { return std::nullopt; }
  /// A reload uses this transport, new or as before: what it remembers of files besides the
  /// configuration is read anew. Other credentials than those it read last are told
  /// (on_credentials); where it has read none, others than `known`, if that is given.
  virtual void refresh(std::optional<std::uint64_t> known) { static_cast<void>(known); }
  /// Nothing more will be asked: leaves nothing behind on the server. Returns when all is cleared,
  /// or false when the deadline came first; asks still running are cleared behind them.
  virtual boost::asio::awaitable<bool> close(MonoTime deadline) {
    static_cast<void>(deadline);
    co_return true;
  }
};

}  // namespace sfb::remote
