// Whose turn it is: the endpoints of one account, and all endpoints under the global limit. Pure.
#pragma once

#include "agent/engine/endpoint.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>

namespace sfb::engine {

/// A job that begins now. It holds a slot of its endpoint until EndpointQueue::release.
struct Turn {
  JobId job = 0;
  bool counts = false;  ///< as a trial of its account, until Turns::ended
};

/// Thread rule: one thread.
class Turns {
 public:
  /// An endpoint with work waits here as long as it has any; call this after whatever gave it work
  /// or its account room.
  void offer(const EndpointPtr& endpoint);
  /// Endpoints take turns, one job each, so that under a global limit none is forgotten. Absent
  /// when none may begin.
  std::optional<Turn> next();
  /// The run returned, or was given up.
  static void ended(Endpoint& endpoint, JobId job);
  /// A run took longer than Account::patience: it keeps nobody waiting any more. False when it was
  /// no trial.
  static bool fell_silent(SharedAccount& account, JobId job);
  /// After a reload: limits and accounts may be others.
  void start_anew(const std::map<std::string, EndpointPtr>& endpoints,
                  const std::map<std::string, SharedAccountPtr>& accounts);

 private:
  static void enlist(const EndpointPtr& endpoint);
  void promote(SharedAccount& account);

  std::deque<EndpointPtr> ready_;  ///< endpoints with work that may begin, in turn
};

}  // namespace sfb::engine
