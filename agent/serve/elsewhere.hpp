// The configured pools that other agents evaluate, where the pools are divided into shards: they
// are known here by name alone. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace sfb::serve {

struct PoolElsewhere {
  std::string paired_pool;
  std::uint64_t shard = 0;  ///< the one that evaluates it
};

/// Empty where all pools are evaluated here. Thread rule: a value.
struct Elsewhere {
  std::map<Fqdn, PoolElsewhere> pools;
  std::uint64_t own = 0;    ///< this shard
  std::uint64_t total = 0;  ///< of how many

  /// nullptr when it is not configured, or evaluated here.
  const PoolElsewhere* find(const Fqdn& pool) const;
};

/// Reason::not_found, code `pool.other_shard`: which agent to ask.
Error other_shard(const Fqdn& pool, const PoolElsewhere& found, const Elsewhere& elsewhere);

}  // namespace sfb::serve
