#include "agent/engine/wanted.hpp"

#include <algorithm>
#include <utility>

namespace sfb::engine {

namespace {

Wanted with_endpoint(std::vector<PoolOptions> pools, const Endpoints::ByName& endpoints,
                     const Logger& logger) {
  Wanted wanted;
  for (PoolOptions& pool : pools) {
    if (endpoints.contains(pool.identity.endpoint.str())) {
      wanted.emplace(key_of(pool.identity.fqdn, *pool.what), std::move(pool));
    } else {
      logger.error("pool has no endpoint", {{"pool", pool.identity.fqdn.str()},
                                            {"endpoint", pool.identity.endpoint.str()}});
    }
  }
  return wanted;
}

}  // namespace

PoolOptions only_asked(PoolOptions status, const collectors::Collector& what) {
  status.evaluation_timeout = budget(status);
  status.what = &what;
  status.scheduled = false;
  return status;
}

Wanted wanted_pools(std::vector<PoolOptions> pools, const Endpoints::ByName& endpoints,
                    const Pools::ByName& known, const Logger& logger) {
  Wanted wanted = with_endpoint(std::move(pools), endpoints, logger);
  const auto status_of = [&](const Fqdn& pool) {
    return wanted.find(key_of(pool, collectors::pool_status()));
  };
  for (const auto& [key, pool] : known) {
    if (const auto status = status_of(key.first);
        !pool->options.scheduled && status != wanted.end()) {
      wanted.emplace(key, only_asked(status->second, pool->what()));
    }
  }
  for (auto& [key, pool] : wanted) {
    if (const auto status = status_of(key.first);
        !collectors::is_pool_status(*pool.what) && status != wanted.end()) {
      pool.evaluation_timeout = std::min(pool.evaluation_timeout, budget(status->second));
    }
  }
  return wanted;
}

}  // namespace sfb::engine
