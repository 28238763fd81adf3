// What the engine is configured with. Free of Asio.
#pragma once

#include "agent/base/any_comparable.hpp"
#include "agent/base/limits.hpp"
#include "agent/remote/transport_control.hpp"
#include "agent/status/knowledge.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sfb::engine {

/// One endpoint with its way to the servers.
struct EndpointOptions {
  std::string name;
  std::shared_ptr<remote::TransportControl> transport;
  std::size_t max_concurrent = 1;
  /// Changes when address or credentials change: then its pools start anew (generation), else their
  /// knowledge stays over a reload.
  AnyComparable identity = {};
  /// The same in every process and short: what another source said is not brought back at a start
  /// (status::KeptPool::source). It holds no secret.
  std::string source = {};
  /// Endpoints with the same name here log on with the same user name and password. Empty: with
  /// none.
  std::string account = {};
  /// Everything that `transport` was made of. While it stays, a reload keeps the transport in use,
  /// with its sessions, and drops the new one. Empty: every reload brings a new one.
  AnyComparable settings = {};
  /// What of it decides whether the servers let us in, names left out. While it stays, back-off
  /// lasts over a reload, also under another name. Empty: every reload ends it.
  AnyComparable terms = {};
};

/// One pool to evaluate, as one collector asks.
struct PoolOptions {
  status::PoolIdentity identity;  ///< `identity.endpoint` names the endpoint
  const collectors::Collector* what = &collectors::pool_status();
  /// False: only callers ask. Pools are asked for their status on schedule always.
  bool scheduled = true;
  std::chrono::milliseconds evaluation_interval{120'000};
  std::chrono::milliseconds evaluation_timeout{60'000};
};

struct Options {
  std::vector<EndpointOptions> endpoints;
  std::vector<PoolOptions> pools;
  std::chrono::milliseconds min_live_interval{10'000};
  std::size_t max_concurrent_evaluations = 1024;
  std::size_t max_waiting_queries = 1024;  ///< callers waiting at once; beyond: throttled
  Limits limits;
};

}  // namespace sfb::engine
