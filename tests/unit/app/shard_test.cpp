// The parts of the pools: numbers as Prometheus' own hashmod gives them (tests/e2e/shards_test.py
// asks it), nothing left out, nothing twice.
#include "agent/app/shard.hpp"

#include "tests/unit/app/settings.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Every third pool at an endpoint of its own.
config::Settings many_pools(int count) {
  config::Settings settings = settings_of(2min, 10min);
  const config::Pool pattern = settings.pools.front();
  config::Endpoint other = settings.endpoints.front();
  other.name = "other";
  settings.endpoints.push_back(other);
  settings.pools.clear();
  for (int i = 0; i < count; ++i) {
    config::Pool pool = pattern;
    pool.fqdn = Fqdn::parse(fmt::format("pool-{}.example.com", i)).value();
    pool.paired_pool = Fqdn::parse(fmt::format("pool-{}.example.com", i ^ 1)).value();
    pool.endpoint = i % 3 == 0 ? "other" : "dropbox";
    settings.pools.push_back(pool);
  }
  return settings;
}

std::vector<std::string> names(const config::Settings& settings) {
  std::vector<std::string> found;
  for (const config::Pool& pool : settings.pools) {
    found.push_back(pool.fqdn.str());
  }
  return found;
}

TEST(Shard, HashmodIsTheLastEightBytesOfMd5) {
  struct Case {
    std::string_view text;
    std::uint64_t modulus;
    std::uint64_t expected;
  };
  for (const Case& c :
       {Case{"atl.example.com", 1, 0}, Case{"atl.example.com", 2, 0}, Case{"atl.example.com", 3, 2},
        Case{"atl.example.com", 1000, 588}, Case{"chi.example.com", 2, 1},
        Case{"chi.example.com", 7, 6}, Case{"", 1000, 958}}) {
    EXPECT_EQ(hashmod(c.text, c.modulus), c.expected) << c.text << " " << c.modulus;
  }
}

TEST(Shard, WithoutPartsEverythingIsTheSame) {
  const config::Settings settings = many_pools(7);
  EXPECT_EQ(part_of(settings, {}), std::nullopt);
  EXPECT_TRUE(elsewhere(settings, {}).pools.empty());
  EXPECT_EQ(part_of(settings, {.ordinal = 0, .total = 1}), settings) << "one part is the whole";
  EXPECT_TRUE(elsewhere(settings, {.ordinal = 0, .total = 1}).pools.empty());
}

TEST(Shard, AllPartsTogetherAreTheWhole) {
  const config::Settings settings = many_pools(60);
  for (const std::uint64_t total : {1U, 2U, 3U, 5U, 8U, 100U}) {
    std::map<std::string, std::uint64_t> owners;
    for (std::uint64_t ordinal = 0; ordinal < total; ++ordinal) {
      const Shard shard{.ordinal = ordinal, .total = total};
      const config::Settings mine = part_of(settings, shard).value();
      const serve::Elsewhere others = elsewhere(settings, shard);
      EXPECT_EQ(mine.pools.size() + others.pools.size(), settings.pools.size());
      for (const config::Pool& pool : mine.pools) {
        EXPECT_TRUE(owners.emplace(pool.fqdn.str(), ordinal).second) << pool.fqdn.str() << " twice";
        EXPECT_EQ(hashmod(pool.fqdn.str(), total), ordinal);
        EXPECT_EQ(others.find(pool.fqdn), nullptr);
      }
      for (const config::Endpoint& endpoint : mine.endpoints) {
        EXPECT_EQ(std::ranges::count(mine.pools, endpoint.name, &config::Pool::endpoint) > 0, true)
            << "nobody logs on where no pool is asked";
      }
    }
    EXPECT_EQ(owners.size(), settings.pools.size());
    for (std::uint64_t ordinal = 0; ordinal < total; ++ordinal) {
      for (const auto& [pool, found] :
           elsewhere(settings, {.ordinal = ordinal, .total = total}).pools) {
        EXPECT_EQ(found.shard, owners.at(pool.str()));
      }
    }
  }
}

TEST(Shard, ThePartnerOfAnotherPartIsKnown) {
  const config::Settings settings = many_pools(2);
  const Fqdn other = settings.pools[1].fqdn;
  const std::uint64_t total = 1000;
  const Shard shard{.ordinal = hashmod(settings.pools[0].fqdn.str(), total), .total = total};
  EXPECT_THAT(names(part_of(settings, shard).value()), ElementsAre("pool-0.example.com"));
  const serve::Elsewhere others = elsewhere(settings, shard);
  ASSERT_NE(others.find(other), nullptr);
  EXPECT_EQ(others.find(other)->paired_pool, "pool-0.example.com");
  EXPECT_EQ(others.find(other)->shard, hashmod(other.str(), total));
}

}  // namespace
}  // namespace sfb::app
