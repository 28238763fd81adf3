// Reloads: pools that stay, go, or start anew under another address.
#include "tests/unit/engine/rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace sfb::engine::testing;  // NOLINT: the rig

TEST(CoreReload, APoolThatStaysKeepsEverything) {
  Rig rig;
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  const auto version = rig.core.snapshot()->version;
  rig.options.pools[0].identity.site = "Chicago";
  rig.configure();
  EXPECT_EQ(rig.pool()->identity.site, "Chicago");
  EXPECT_GT(rig.core.snapshot()->version, version);
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  EXPECT_THAT(rig.cancelled, IsEmpty());
  rig.finish_good();
  EXPECT_EQ(rig.pool()->evaluations, 2U) << "the run under way counts";
  EXPECT_EQ(rig.transports["one"]->on_change_calls, 1) << "set once";
  EXPECT_THAT(rig.transports["one"]->pools, ElementsAre("a.x"));
}

TEST(CoreReload, ARemovedPoolIsForgottenAndItsLateResultDropped) {
  Rig rig;
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  const auto waiting = rig.ask(Rig::scheduled());
  const auto queued = rig.ask(Rig::category("CMS"));
  rig.options.pools.clear();
  rig.configure();
  EXPECT_THAT(rig.core.snapshot()->pools, IsEmpty());
  EXPECT_EQ(rig.core.history(fqdn("a.x")), std::nullopt);
  EXPECT_EQ(waiting->code(), "pool.not_configured");
  EXPECT_EQ(queued->code(), "pool.not_configured");
  EXPECT_THAT(rig.cancelled, SizeIs(1));
  EXPECT_THAT(rig.transports["one"]->pools, IsEmpty());
  rig.finish_good();
  EXPECT_THAT(rig.core.snapshot()->pools, IsEmpty());
  EXPECT_EQ(rig.core.snapshot()->durations.count, 1U);
  rig.pass(1h);
  EXPECT_EQ(rig.launched, 2U);
  EXPECT_EQ(rig.core.running(), 0U);
}

TEST(CoreReload, AnotherAddressStartsANewGeneration) {
  Rig rig;
  rig.first_run();
  ASSERT_TRUE(rig.pass_until_launch());
  const auto waiting = rig.ask(Rig::scheduled());
  const auto old_transport = rig.transports["one"];
  const JobId old_job = rig.open.begin()->first;
  rig.transports["one"] = std::make_shared<FakeTransport>();
  rig.options.endpoints[0].transport = rig.transports["one"];
  rig.options.endpoints[0].identity = "another address";
  rig.configure();
  EXPECT_EQ(rig.pool()->freshness, status::Freshness::none) << "not shown as the new one's";
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  EXPECT_THAT(rig.core.history(fqdn("a.x")).value(), IsEmpty());
  EXPECT_THAT(rig.cancelled, ElementsAre(old_job));
  EXPECT_THAT(old_transport->pools, IsEmpty());
  EXPECT_THAT(rig.transports["one"]->pools, ElementsAre("a.x"));
  EXPECT_EQ(waiting->calls, 0) << "the caller asks the new address";
  ASSERT_EQ(rig.open.size(), 2U);
  EXPECT_EQ(rig.open.rbegin()->second.transport, rig.transports["one"]);

  rig.finish_good("OLD:[ErrorState,ErrorState]");  // the old generation's, late
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  EXPECT_EQ(waiting->calls, 0);
  rig.finish_good("NEW:[FinalState,NormalState]");
  EXPECT_EQ(shown(rig.pool()).modules.at(0).module.identity, "NEW");
  EXPECT_TRUE(waiting->answered());
  rig.pass(10min);
  EXPECT_GT(rig.launched, 3U) << "and the schedule goes on";
}

TEST(CoreReload, ANewTransportObjectForTheSameAddressKeepsTheKnowledge) {
  Rig rig;
  rig.first_run();
  const auto old_transport = rig.transports["one"];
  rig.transports["one"] = std::make_shared<FakeTransport>();
  rig.options.endpoints[0].transport = rig.transports["one"];
  rig.configure();
  EXPECT_EQ(rig.pool()->evaluations, 1U);
  EXPECT_THAT(old_transport->pools, IsEmpty());
  EXPECT_THAT(rig.transports["one"]->pools, ElementsAre("a.x"));
  EXPECT_EQ(rig.transports["one"]->on_change_calls, 1);
  rig.pass(11s);
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.open.begin()->second.transport, rig.transports["one"]);
}

TEST(CoreReload, TransportsThatNobodyUsesAnyMoreAreRetired) {
  Rig rig;
  const auto first = rig.transports["one"];
  rig.configure();
  EXPECT_THAT(rig.retired, IsEmpty()) << "the same object";
  rig.options.endpoints[0].identity = "another address, the same object";
  rig.configure();
  EXPECT_THAT(rig.retired, IsEmpty());
  const auto second = rig.transports["one"] = std::make_shared<FakeTransport>();
  rig.options.endpoints[0].transport = second;
  rig.configure();
  EXPECT_THAT(rig.retired, ElementsAre(first)) << "a new object for the same address";
  rig.options.endpoints.clear();
  rig.options.pools.clear();
  rig.core.apply(rig.options);
  EXPECT_THAT(rig.retired, ElementsAre(first, second)) << "a removed endpoint";
  EXPECT_THAT(rig.core.transports(), IsEmpty());
}

TEST(CoreReload, APoolMovedToAnotherEndpointStartsAnew) {
  Rig rig;
  rig.first_run();
  rig.add_endpoint("two");
  rig.options.pools[0].identity.endpoint = "two";
  rig.configure();
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  rig.pass(10s);
  EXPECT_EQ(rig.open.begin()->second.transport, rig.transports["two"]);
}

TEST(CoreReload, ANewPoolRunsSoonAndDoesNotUnreadyTheAgent) {
  Rig rig;
  rig.first_run();
  EXPECT_TRUE(rig.core.first_cycle_done());
  rig.add_pool("b.x", "one");
  rig.configure();
  EXPECT_TRUE(rig.core.first_cycle_done());
  rig.pass(10s);
  EXPECT_TRUE(rig.is_running("b.x"));
}

TEST(CoreReload, ARemovedPoolThatComesBackIsNew) {
  Rig rig;
  rig.first_run();
  const auto pools = rig.options.pools;
  rig.options.pools.clear();
  rig.configure();
  rig.options.pools = pools;
  rig.configure();
  EXPECT_EQ(rig.pool()->evaluations, 0U);
  EXPECT_EQ(rig.pool()->up, std::nullopt);
}

TEST(CoreReload, APoolWithoutItsEndpointIsSaidAndLeftOut) {
  Rig rig;
  rig.add_pool("b.x", "nowhere");
  rig.configure();
  EXPECT_THAT(rig.core.snapshot()->pools, SizeIs(1));
  EXPECT_EQ(rig.log->count("error pool has no endpoint pool=b.x endpoint=nowhere"), 1U);
}

TEST(CoreReload, ExpectationsAreJudgedAnew) {
  Rig rig;
  rig.core.start();
  ASSERT_TRUE(rig.pass_until_launch());
  rig.finish_good("CentralMgmt.CMSMaster:[NotInitialized,NormalState]");
  EXPECT_EQ(shown(rig.pool()).verdict.working, true);
  rig.options.pools[0].identity.expectation.cms_master = true;
  rig.configure();
  EXPECT_EQ(shown(rig.pool()).verdict.working, false);
}

TEST(CoreReload, ATransportOfTheSameSettingsStaysInUse) {
  Rig rig;
  rig.options.endpoints[0].settings = "as before";
  rig.configure();
  const auto kept = rig.transports["one"];
  kept->refreshed = 0;
  rig.retired.clear();
  const auto made = std::make_shared<FakeTransport>();
  rig.options.endpoints[0].transport = made;
  rig.configure();
  EXPECT_EQ(kept->refreshed, 1);
  EXPECT_EQ(made->on_change_calls, 0);
  EXPECT_THAT(rig.retired, IsEmpty());
  rig.ask(Rig::scheduled());
  EXPECT_EQ(rig.open.begin()->second.transport, kept);

  rig.options.endpoints[0].settings = "another way";
  rig.configure();
  EXPECT_THAT(rig.retired, ElementsAre(kept));
  EXPECT_THAT(made->pools, ElementsAre("a.x"));
}

/// One endpoint that was refused; its settings are told.
class RefusedRig : public Rig {
 public:
  RefusedRig() {
    options.endpoints[0].terms = "as before";
    options.endpoints[0].settings = "settings";
    configure();
    core.start();
    if (!pass_until_launch()) {
      throw std::logic_error("no first run");
    }
    finish(failure(Reason::auth));
    until = clock.now().wall + 1min;
  }
  /// Also for a caller, and a second later.
  bool is_left_alone() {
    ask(scheduled());
    pass(1s);
    return !is_running("a.x") && waits(pool());
  }
  /// For as long as before; told in whole microseconds of two clocks.
  bool waits(const status::PoolSnapshotPtr& one) const {
    return one->backoff_until && *one->backoff_until >= until - 1ms &&
           *one->backoff_until <= until + 1ms;
  }
  WallTime until{};
};

TEST(CoreReload, BackoffLastsOverReloadsThatChangeNothingOfIt) {
  RefusedRig rig;
  rig.pass(11s);
  for (int i = 0; i < 40; ++i) {
    rig.options.pools[0].identity.site = "site " + std::to_string(i);
    if (i == 10) {
      rig.add_endpoint("other");
      rig.add_pool("b.x", "other");
    }
    if (i == 20) {  // limits, for one
      rig.transports["one"] = std::make_shared<FakeTransport>();
      rig.options.endpoints[0].transport = rig.transports["one"];
      rig.options.endpoints[0].settings = "other settings, the same terms";
    }
    rig.configure();
    ASSERT_TRUE(rig.is_left_alone()) << i;
  }
  rig.pass(140s);
  ASSERT_TRUE(rig.is_running("a.x"));
  rig.finish(failure(Reason::auth), "a.x");
  EXPECT_EQ(rig.pool()->backoff_until, rig.clock.now().wall + 2min) << "the step is remembered";
}

TEST(CoreReload, OtherTermsEndTheBackoffAtOnce) {
  RefusedRig rig;
  rig.options.endpoints[0].terms = "another CA file";
  rig.configure();
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt);
  EXPECT_EQ(rig.pool()->evaluations, 1U) << "the knowledge stays";
  rig.pass(10s);
  EXPECT_EQ(rig.launched, 2U);
}

TEST(CoreReload, APoolThatIsAddedWaitsToo) {
  RefusedRig rig;
  rig.add_pool("b.x", "one");
  rig.configure();
  EXPECT_TRUE(rig.waits(rig.pool(1)));
  const auto caller = rig.ask(Rig::scheduled("b.x"));
  EXPECT_EQ(caller->code(), "engine.backoff");
  rig.pass(50s);
  EXPECT_EQ(rig.launched, 1U);
}

TEST(CoreReload, AnEndpointUnderAnotherNameWaitsAsBefore) {
  RefusedRig rig;
  rig.options.endpoints[0].name = "renamed";
  rig.options.pools[0].identity.endpoint = "renamed";
  rig.configure();
  EXPECT_TRUE(rig.waits(rig.pool()));
  const auto caller = rig.ask(Rig::scheduled());
  EXPECT_EQ(caller->code(), "engine.backoff");
  rig.pass(50s);
  EXPECT_EQ(rig.launched, 1U);
  EXPECT_TRUE(rig.pass_until_launch(3min));
}

TEST(CoreReload, AnotherServerOfTheSameNameIsTriedAtOnce) {
  RefusedRig rig;
  rig.options.endpoints[0].terms = "another server";
  rig.options.endpoints[0].identity = "another server";
  rig.configure();
  EXPECT_EQ(rig.pool()->backoff_until, std::nullopt);
  rig.pass(10s);
  EXPECT_EQ(rig.launched, 2U);
}

TEST(CoreReload, TransportsLookForAnotherPasswordAndKnowWhichOneWasRefused) {
  Rig rig;
  rig.options.endpoints[0].terms = "as before";
  rig.options.endpoints[0].settings = "settings";
  rig.configure();
  rig.transports["one"]->read = 17;
  rig.ask(Rig::scheduled());
  rig.finish(failure(Reason::auth));
  rig.configure();
  EXPECT_EQ(rig.transports["one"]->known, 17U);
  rig.options.endpoints[0].settings = "other limits";
  rig.options.endpoints[0].transport = rig.transports["one"] = std::make_shared<FakeTransport>();
  rig.configure();
  EXPECT_EQ(rig.transports["one"]->known, 17U) << "a new one that has read nothing";
  EXPECT_TRUE(rig.pool()->backoff_until.has_value());
  rig.transports["one"]->new_credentials(18);
  EXPECT_FALSE(rig.pool()->backoff_until.has_value());
}

}  // namespace
}  // namespace sfb::engine
