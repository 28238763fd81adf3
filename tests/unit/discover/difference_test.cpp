// The configuration against a front end's words.
#include "agent/discover/difference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sfb::discover {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Fqdn name(const char* text) {
  return Fqdn::parse(text).value();
}

const ConfiguredPool kA{
    .fqdn = name("a.x"), .paired_pool = name("b.x"), .site = "One", .cms_master = true};
const ConfiguredPool kB{.fqdn = name("b.x"), .paired_pool = name("a.x"), .site = "Two"};

FoundPool found(const ConfiguredPool& pool) {
  return {
      .fqdn = pool.fqdn, .site = pool.site, .pairing = Pairing::known, .partner = pool.paired_pool};
}

Topology two() {
  Topology topology;
  topology.pools = {found(kA), found(kB)};
  topology.whole = true;
  topology.master_known = MasterKnown::here;
  topology.master = kA.fqdn;
  return topology;
}

TEST(Difference, EqualIsNothing) {
  const Difference none = compare(two(), std::array{kB, kA});
  EXPECT_THAT(none.lines, IsEmpty());
  EXPECT_THAT(none.unknown, IsEmpty());
}

TEST(Difference, EachMemberIsALine) {
  Topology topology = two();
  topology.pools[0].partner = name("c.x");
  topology.pools[0].site = "O\"ne";
  topology.pools[1].pairing = Pairing::none;
  topology.pools[1].partner.reset();
  topology.master = name("b.x");
  const Difference all = compare(topology, std::array{kA, kB});
  EXPECT_THAT(all.lines,
              ElementsAre("a.x: paired_pool is b.x in the configuration, c.x on the server",
                          "a.x: site is \"One\" in the configuration, \"O\\\"ne\" on the server",
                          "a.x: cms_master is true in the configuration, false on the server",
                          "b.x: paired_pool is a.x in the configuration, none on the server",
                          "b.x: cms_master is false in the configuration, true on the server"));
  EXPECT_THAT(all.unknown, IsEmpty());
}

TEST(Difference, PoolsThatOneSideHasNot) {
  const Difference added = compare(two(), std::array{kA});
  EXPECT_THAT(added.lines, ElementsAre("b.x: is on the server, paired with a.x, and not in the "
                                       "configuration"));
  Topology topology = two();
  topology.pools.pop_back();
  const Difference gone = compare(topology, std::array{kA, kB});
  EXPECT_THAT(gone.lines, ElementsAre("b.x: is in the configuration and not on the server"));
}

TEST(Difference, UnknownIsNeitherEqualNorDifferent) {
  Topology topology = two();
  topology.pools[0].site.reset();
  topology.pools[0].pairing = Pairing::unknown;
  topology.pools[0].partner.reset();
  topology.pools.pop_back();
  topology.pools.push_back({.fqdn = name("c.x"), .site = "Three"});
  topology.whole = false;
  topology.master_known = MasterKnown::no;
  topology.master.reset();
  const Difference unknown = compare(topology, std::array{kA, kB});
  EXPECT_THAT(unknown.lines, IsEmpty());
  EXPECT_THAT(unknown.unknown,
              ElementsAre("a.x: paired_pool is not known", "a.x: site is not known",
                          "a.x: cms_master is not known",
                          "c.x: is not in the configuration; its partner is not known",
                          "b.x: is not in the answers, which may be incomplete"));
}

TEST(Difference, APoolWithoutAPartnerCannotBeConfigured) {
  Topology topology = two();
  topology.pools.push_back({.fqdn = name("c.x"), .site = "Three", .pairing = Pairing::none});
  EXPECT_THAT(compare(topology, std::array{kA, kB}).lines, IsEmpty());
  EXPECT_THAT(compare(topology, std::array{kA, kB}).unknown, IsEmpty());
}

TEST(Difference, AMasterElsewhereIsKnown) {
  Topology topology = two();
  topology.master_known = MasterKnown::elsewhere;
  topology.master.reset();
  EXPECT_THAT(compare(topology, std::array{kA, kB}).lines,
              ElementsAre("a.x: cms_master is true in the configuration, false on the server"));
}

}  // namespace
}  // namespace sfb::discover
