#include "agent/app/shard.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <utility>

namespace sfb::app {

namespace {

constexpr std::size_t kMd5Size = 16;

}  // namespace

std::uint64_t hashmod(std::string_view text, std::uint64_t modulus) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_md5(), nullptr) != 1 ||
      size != kMd5Size) {
    throw std::runtime_error("--shard needs MD5, which OpenSSL does not allow on this machine");
  }
  std::uint64_t sum = 0;
  for (std::size_t i = kMd5Size / 2; i < kMd5Size; ++i) {
    sum = sum << 8U | digest.at(i);
  }
  return sum % modulus;
}

std::uint64_t shard_of(const config::Pool& pool, const Shard& shard) {
  return shard.is_part() ? hashmod(pool.fqdn.str(), shard.total) : shard.ordinal;
}

std::optional<config::Settings> part_of(const config::Settings& all, const Shard& shard) {
  if (!shard.is_part()) {
    return std::nullopt;
  }
  config::Settings part = all;
  std::erase_if(part.pools,
                [&](const config::Pool& pool) { return shard_of(pool, shard) != shard.ordinal; });
  std::erase_if(part.endpoints, [&](const config::Endpoint& endpoint) {
    return std::ranges::find(part.pools, endpoint.name, &config::Pool::endpoint) ==
           part.pools.end();
  });
  return part;
}

serve::Elsewhere elsewhere(const config::Settings& settings, const Shard& shard) {
  serve::Elsewhere found{.pools = {}, .own = shard.ordinal, .total = shard.total};
  for (const config::Pool& pool : settings.pools) {
    if (const std::uint64_t number = shard_of(pool, shard); number != shard.ordinal) {
      found.pools.emplace(
          pool.fqdn, serve::PoolElsewhere{.paired_pool = pool.paired_pool.str(), .shard = number});
    }
  }
  return found;
}

void report_shard(const Shard& shard, std::size_t mine, std::size_t all, const Logger& logger) {
  if (shard.is_part()) {
    logger.log(mine == 0 ? LogLevel::warn : LogLevel::info,
               "this agent evaluates a part of the pools",
               {{"shard", std::to_string(shard.ordinal)},
                {"total_shards", std::to_string(shard.total)},
                {"pools", std::to_string(mine)},
                {"pools_of_all", std::to_string(all)}});
  }
}

}  // namespace sfb::app
