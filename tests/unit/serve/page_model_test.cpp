#include "agent/serve/page_model.hpp"

#include "tests/unit/serve/api_snapshots.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using testing::api_moment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kRunbooks = "http://wiki.example.org/sfb";

Overview overview(const PageFilter& filter = {}, const Elsewhere& elsewhere = {}) {
  return overview_of(testing::api_pools(), elsewhere, filter, api_moment(), kRunbooks);
}

std::vector<std::string> hosts(const Overview& overview) {
  std::vector<std::string> names;
  for (const PairShown& pair : overview.pairs) {
    names.push_back(pair.name.substr(0, 3));
  }
  return names;
}

status::PoolSnapshot changed(std::size_t place, auto change) {
  status::PoolSnapshot pool = *testing::api_pools().pools.at(place);
  change(pool);
  return pool;
}

TEST(PageModel, WorstComesFirst) {
  const Overview all = overview();
  EXPECT_THAT(hosts(all), ElementsAre("atl", "den", "ams"));
  EXPECT_EQ(all.pairs[0].standing, Standing::bad);
  EXPECT_EQ(all.pairs[2].standing, Standing::unknown);
  EXPECT_EQ(all.total, 3U);
  EXPECT_THAT(all.counts, ElementsAre(2U, 1U, 0U, 0U));
}

TEST(PageModel, TheWorseSideComesFirst) {
  const Overview all = overview();
  EXPECT_EQ(all.pairs[0].name, "atl-cs-001.litwareinc.com/chi-cs-001.litwareinc.com");
  EXPECT_EQ(all.pairs[0].sides[0].fqdn, "chi-cs-001.litwareinc.com");
  EXPECT_EQ(all.pairs[0].sides[0].standing, Standing::bad);
  EXPECT_EQ(all.pairs[0].sides[0].target, "atl-cs-001.litwareinc.com");
  EXPECT_EQ(all.pairs[2].sides[0].fqdn, "ams-cs-001.litwareinc.com") << "as bad as the other";
}

TEST(PageModel, UnknownIsNeverGood) {
  const auto keep = [](status::PoolSnapshot&) {};
  EXPECT_EQ(standing_of(changed(0, keep)), Standing::good);
  EXPECT_EQ(standing_of(changed(1, keep)), Standing::bad);
  EXPECT_EQ(standing_of(changed(2, keep)), Standing::unknown) << "stale";
  EXPECT_EQ(standing_of(changed(4, keep)), Standing::unknown) << "never asked";
  const auto stale = [](status::PoolSnapshot& pool) { pool.freshness = status::Freshness::stale; };
  EXPECT_EQ(standing_of(changed(0, stale)), Standing::unknown);
  EXPECT_EQ(standing_of(changed(1, stale)), Standing::unknown);
}

TEST(PageModel, PoolThatStoppedAnsweringIsNotGoodEither) {
  const auto fail = [](status::PoolSnapshot& pool) {
    pool.failure = testing::api_pools().pools.at(1)->failure;
  };
  EXPECT_EQ(standing_of(changed(0, fail)), Standing::failing);
}

TEST(PageModel, SideOfAPartnerThatIsNotWatchedIsUnknown) {
  const PairShown pair = overview().pairs[2];
  EXPECT_FALSE(pair.sides[0].here);
  EXPECT_EQ(pair.sides[0].standing, Standing::unknown);
  EXPECT_THAT(pair.sides[0].verdict, HasSubstr("not configured"));
  Elsewhere elsewhere{.pools = {}, .own = 0, .total = 3};
  elsewhere.pools.emplace(Fqdn::parse("ams-cs-001.litwareinc.com").value(),
                          PoolElsewhere{"fra-cs-001.litwareinc.com", 2});
  EXPECT_THAT(overview({}, elsewhere).pairs[2].sides[0].verdict, HasSubstr("agent 2 of 3"));
}

TEST(PageModel, StatesSayWhetherTheyAreBenignAndWhy) {
  const SideShown atlanta = overview().pairs[0].sides[1];
  const LineShown& master = atlanta.lines.at(2);
  EXPECT_EQ(master.module, "CentralMgmt.CMSMaster");
  EXPECT_EQ(master.exported.word, "NotInitialized");
  EXPECT_EQ(master.exported.health, "benign");
  EXPECT_THAT(master.exported.why, HasSubstr("not the CMS master"));
  EXPECT_TRUE(master.exported.since);
  const LineShown& groups = atlanta.lines.at(3);
  EXPECT_EQ(groups.imported.word, "not listed");
  EXPECT_EQ(groups.imported.health, "unknown");
}

TEST(PageModel, GroundsLeadToTheirRunbooks) {
  const SideShown chicago = overview().pairs[0].sides[0];
  ASSERT_FALSE(chicago.grounds.empty());
  EXPECT_EQ(chicago.grounds[0].runbook, "http://wiki.example.org/sfb/SfbBackupExportError.md");
  const LineShown& presence = chicago.lines.at(0);
  EXPECT_THAT(chicago.grounds[0].text, HasSubstr(presence.module));
  EXPECT_TRUE(chicago.grounds[0].since);
  EXPECT_EQ(chicago.grounds[0].since, presence.exported.since);
  ASSERT_TRUE(chicago.failure);
  EXPECT_EQ(chicago.failure->code, "auth.clock");
  EXPECT_EQ(chicago.failure->count, 3U);
}

TEST(PageModel, FiltersByPlaceAndVerdict) {
  EXPECT_THAT(hosts(overview({.site = "Denver"})), ElementsAre("den"));
  EXPECT_THAT(hosts(overview({.deployment = "corp"})), ElementsAre("atl", "den", "ams"));
  EXPECT_THAT(hosts(overview({.verdict = "unknown"})), ElementsAre("ams"));
  EXPECT_THAT(hosts(overview({.site = "Denver", .verdict = "unknown"})), IsEmpty());
  EXPECT_THAT(hosts(overview({.verdict = "nonsense"})), IsEmpty());
  EXPECT_THAT(overview().sites, ElementsAre("Atlanta", "Chicago", "Denver", "El Paso"));
}

TEST(PageModel, CountsAreOfThePlaceWhateverTheVerdict) {
  for (const char* const verdict : {"", "bad", "good"}) {
    const Overview denver = overview({.site = "Denver", .verdict = verdict});
    EXPECT_EQ(denver.watched, 3U);
    EXPECT_EQ(denver.total, 1U);
    EXPECT_THAT(denver.counts, ElementsAre(1U, 0U, 0U, 0U));
  }
  EXPECT_EQ(overview({.verdict = "unknown"}).total, 3U);
  EXPECT_EQ(overview({.deployment = "corp"}).total, 3U);
  EXPECT_EQ(overview({.site = "Denver", .deployment = "other"}).total, 0U);
  EXPECT_EQ(overview({.site = "nowhere"}).total, 0U);
}

TEST(PageModel, StateChangesWithWhatSomebodyWantsToHearOf) {
  const auto state = [](auto change) {
    status::Snapshot snapshot = testing::api_pools();
    auto pool = std::make_shared<status::PoolSnapshot>(*snapshot.pools.at(0));
    change(*pool);
    snapshot.pools.at(0) = pool;
    return state_of_page(snapshot);
  };
  const std::string before = state([](status::PoolSnapshot&) {});
  EXPECT_EQ(before, state_of_page(testing::api_pools()));
  EXPECT_EQ(before, state([](status::PoolSnapshot& pool) { ++pool.evaluations; }));
  EXPECT_NE(before,
            state([](status::PoolSnapshot& pool) { pool.freshness = status::Freshness::stale; }));
  EXPECT_NE(before, state([](status::PoolSnapshot& pool) {
              pool.failure = testing::api_pools().pools.at(1)->failure;
            }));
  EXPECT_NE(before, state([](status::PoolSnapshot& pool) {
              pool.last_good = testing::api_pools().pools.at(1)->last_good;
            }));
}

TEST(PageModel, PairOfAPoolHasItsOwnSideFirst) {
  const status::Snapshot snapshot = testing::api_pools();
  const PairShown pair = pair_of(snapshot, {}, *snapshot.pools.at(1), api_moment(), kRunbooks);
  EXPECT_EQ(pair.sides[0].fqdn, "chi-cs-001.litwareinc.com");
  EXPECT_EQ(pair.sides[0].target, "atl-cs-001.litwareinc.com");
  EXPECT_EQ(pair.sides[1].fqdn, "atl-cs-001.litwareinc.com");
}

}  // namespace
}  // namespace sfb::serve
