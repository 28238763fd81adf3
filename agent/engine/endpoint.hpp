// An endpoint of the present configuration and the account that it shares with others: data that
// Endpoints, Turns and Admission keep true together.
#pragma once

#include "agent/engine/backoff.hpp"
#include "agent/engine/endpoint_queue.hpp"
#include "agent/engine/options.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sfb::engine {

/// Number of an endpoint with one address and account; never used twice.
using EndpointId = std::uint64_t;

struct Endpoint;
struct Pool;
using EndpointPtr = std::shared_ptr<Endpoint>;

/// What began a back-off, for those who wait for its end.
struct Refused {
  std::string text;  ///< the failure in one line, with pool and endpoint
  Reason reason = Reason::throttled;
  std::string remedy = {};
  std::string peer = {};  ///< what the server said
  std::string code = {};
};

struct SharedAccount {
  Account account;
  Refused refused;
  std::optional<std::uint64_t> secret;  ///< refused or told last
  std::vector<Endpoint*> members;       ///< of the present configuration
  std::map<JobId, EndpointId> trials;   ///< runs under way that began since the last `end`
  std::set<JobId> silent;               ///< those of them that took longer than Account::patience
  std::size_t ready = 0;                ///< endpoints that Turns calls ready
  std::uint64_t turns = 0;              ///< runs so far
  /// Endpoints with work that wait for their turn: first who ran the longest time ago.
  std::map<std::pair<std::uint64_t, EndpointId>, std::weak_ptr<Endpoint>> held;

  /// Fewer runs keep others waiting than the account may have at once.
  bool has_room(std::size_t chosen = 0) const;
  void end_trial(JobId job);
  void end_trials();
  /// The endpoint leaves the account: its runs under way keep nobody waiting here.
  void end_trials_of(EndpointId endpoint);
  /// A reload: nobody is a member, nobody waits. Runs under way stay what they are.
  void empty();
};

using SharedAccountPtr = std::shared_ptr<SharedAccount>;

struct Endpoint {
  EndpointId id;
  EndpointOptions options;
  EndpointQueue queue;
  SharedAccountPtr account = {};  ///< never null once adopted
  Backoff backoff = {};
  Refused refused = {};
  /// A reload gave it other terms: it does not wait for its account until it was tried again.
  bool pardoned = false;
  JobId trial = 0;                            ///< the one run of an endpoint on trial; 0: none
  std::optional<std::uint64_t> session = {};  ///< the newest that answered
  std::uint64_t turn = 0;                     ///< of its account, when it ran last; 0: it did not
  enum class Place : std::uint8_t { nowhere, held, ready } place = Place::nowhere;
  std::vector<Pool*> pools = {};

  bool uses_backoff() const { return options.transport->uses_backoff(); }
  /// A free slot and something for it.
  bool has_work() const;
  /// Its own back-off or its account's, whichever ends later.
  std::optional<MonoTime> backoff_until(MonoTime now) const;
  /// What began the one that lasts until then.
  const Refused& refused_by(MonoTime until, MonoTime now) const;
};

}  // namespace sfb::engine
