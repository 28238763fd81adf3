// Which of the configured pools this agent evaluates (--shard, --total-shards).
#pragma once

#include "agent/base/log.hpp"
#include "agent/serve/elsewhere.hpp"
#include "config/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sfb::app {

/// One part of the pools. The parts of one `total` leave no pool out and share none.
struct Shard {
  std::uint64_t ordinal = 0;
  std::uint64_t total = 0;  ///< 0: the pools are not divided

  bool is_part() const { return total != 0; }
};

/// What `action: hashmod` of Prometheus gives for a source label with this text: the last eight
/// bytes of its MD5, as a number, modulo `modulus` (above 0). Throws std::runtime_error where
/// OpenSSL has no MD5.
std::uint64_t hashmod(std::string_view text, std::uint64_t modulus);

/// The shard that evaluates a pool: the hashmod of its label `pool`.
std::uint64_t shard_of(const config::Pool& pool, const Shard& shard);

/// The settings with the pools of this shard alone, and the endpoints that these use. Absent where
/// the pools are not divided: 10,000 take 3 MB, of which nobody needs a copy.
std::optional<config::Settings> part_of(const config::Settings& all, const Shard& shard);

/// The pools of the other shards.
serve::Elsewhere elsewhere(const config::Settings& settings, const Shard& shard);

/// Logs how many of `all` pools are `mine`; nothing where they are not divided.
void report_shard(const Shard& shard, std::size_t mine, std::size_t all, const Logger& logger);

}  // namespace sfb::app
