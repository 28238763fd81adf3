// What can be said to a transport without an event loop: everything but asking and closing. The
// engine's core knows transports by this; free of Asio.
#pragma once

#include "agent/base/endpoint_facts.hpp"
#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/ask.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace sfb::remote {

class Transport;

/// Thread rule: used on the loop thread.
class TransportControl {
 public:
  virtual ~TransportControl() = default;
  /// This object with its coroutines, for code that has an event loop.
  virtual Transport& transport() = 0;
  /// Can this be asked at all? Reason::protocol, code `file.cannot_ask`, else.
  virtual Status can_ask(const Ask& ask) const = 0;
  /// Can the server itself make the text of its answer (Call::render)? It may still refuse.
  virtual bool can_render() const { return false; }
  using OnChange = std::function<void(const Fqdn& pool, std::string_view collector)>;
  /// Tells that new content may be there for what a collector asks of a pool (`file` only); called
  /// on the loop thread. Set once, before the first ask.
  virtual void on_change(OnChange callback) { static_cast<void>(callback); }
  /// A pool is (no longer) asked on schedule here, as this collector asks: `file` watches the
  /// folder of its file.
  virtual void add_pool(const Fqdn& pool, std::string_view collector) {
    static_cast<void>(pool);
    static_cast<void>(collector);
  }
  virtual void remove_pool(const Fqdn& pool, std::string_view collector) {
    static_cast<void>(pool);
    static_cast<void>(collector);
  }
  /// An earlier process saw content of this pool first at `seen`, and its date lay ahead of our
  /// clock then: it is as old as that, and not new (`file` only; `push` keeps this itself).
  virtual void recall(const Fqdn& pool, std::string_view collector, WallTime date, WallTime seen) {
    static_cast<void>(pool);
    static_cast<void>(collector);
    static_cast<void>(date);
    static_cast<void>(seen);
  }
  /// Back-off applies (not to files). It is shared by the endpoint's pools, because they share the
  /// account that could be locked.
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
  /// What its connections have shown so far.
  virtual EndpointFacts facts() const { return {}; }
};

}  // namespace sfb::remote
