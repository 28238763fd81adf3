#include "agent/serve/elsewhere.hpp"

#include <fmt/format.h>

namespace sfb::serve {

const PoolElsewhere* Elsewhere::find(const Fqdn& pool) const {
  const auto found = pools.find(pool);
  return found == pools.end() ? nullptr : &found->second;
}

Error other_shard(const Fqdn& pool, const PoolElsewhere& found, const Elsewhere& elsewhere) {
  return {Reason::not_found,
          "pool.other_shard",
          fmt::format("pool {} belongs to shard {} of {} shards, this agent is shard {}",
                      pool.str(), found.shard, elsewhere.total, elsewhere.own),
          fmt::format("ask the agent that runs with --shard {}", found.shard),
          {},
          Stage::none};
}

}  // namespace sfb::serve
