// Which pools a configuration wants, as which collectors ask. Pure.
#pragma once

#include "agent/base/log.hpp"
#include "agent/engine/endpoints.hpp"
#include "agent/engine/pools.hpp"

#include <map>
#include <vector>

namespace sfb::engine {

using Wanted = std::map<PoolKey, PoolOptions>;

/// What only callers ask of `what` at a pool whose status has these options.
PoolOptions only_asked(PoolOptions status, const collectors::Collector& what);

/// The pools of a configuration that have an endpoint; the log tells of others. What only callers
/// asked until now stands in no configuration: it is wanted as long as its pool is. A collector
/// beside the pool's status gets at most the time of a scheduled run of the status
/// (PoolOptions::evaluation_timeout), so that one that hangs costs the status no more than that.
Wanted wanted_pools(std::vector<PoolOptions> pools, const Endpoints::ByName& endpoints,
                    const Pools::ByName& known, const Logger& logger);

}  // namespace sfb::engine
