// What an observer is shown of a session over WS-Management.
#pragma once

#include "agent/psrp/runspace_pool.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/wsman/reply.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {

/// Thread rule: one owner.
class SessionWatch {
 public:
  /// `observer` outlives this object; nullptr: nobody looks.
  explicit SessionWatch(Observer* observer) : observer_(observer) {}

  /// For PoolOptions::observer; empty unless somebody looks.
  std::function<void(const psrp::Message&)> messages() const;
  /// The messages of a request, which are prepared only when somebody looks.
  std::vector<std::string> shown(std::string_view fragments) const;
  void answered(std::string_view envelope) const;
  /// What the server told of itself.
  void opened(const psrp::RunspacePool& pool, const wsman::CreateReply& created) const;

 private:
  bool watched() const { return observer_ != nullptr && observer_->wants_wire(); }

  Observer* observer_;
};

}  // namespace sfb::remote
