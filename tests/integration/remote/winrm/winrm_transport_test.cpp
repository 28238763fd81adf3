// Asking over real sockets: sessions are reused, recycled and cleared, and errors say where.
#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

class WinrmTransport : public ::testing::Test {
 protected:
  /// Actions of one ask that must be good.
  std::vector<std::string> actions_of_ask() {
    rig.peer.take_actions();
    EXPECT_EQ(rig.code(), "good");
    return rig.peer.take_actions();
  }

  WinrmRig rig;
};

TEST_F(WinrmTransport, AWarmSessionNeedsThreePostsOverTheSameConnection) {
  rig.make();
  EXPECT_EQ(actions_of_ask().front(), "Create");
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(actions_of_ask(), ElementsAre("Command", "Receive", "Signal"));
  }
  EXPECT_EQ(rig.peer.connections(), 1U);
  EXPECT_EQ(rig.peer.shells(), 1U);
  rig.close();
  EXPECT_EQ(rig.peer.shells(), 0U);
}

TEST_F(WinrmTransport, AReplySaysWhenAndHowLong) {
  rig.make();
  const WallTime before = rig.clock.now().wall;
  const auto reply = rig.ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_GE(reply->made_at, before);
  EXPECT_EQ(reply->age, 0ns);
  ASSERT_FALSE(reply->result->unpack().output.empty());
  std::vector<Stage> stages;
  for (const StageTime& time : reply->stages) {
    stages.push_back(time.stage);
    EXPECT_GE(time.duration, 0ns);
  }
  EXPECT_THAT(stages, IsSupersetOf({Stage::resolve, Stage::connect, Stage::open, Stage::query,
                                    Stage::parse}));
}

TEST_F(WinrmTransport, AConnectionClosedBetweenAsksIsOpenedAgain) {
  rig.make();
  rig.peer.set_act([](int, std::string_view action) {
    return action == "Signal" ? Act::answer_and_close : Act::answer;
  });
  EXPECT_EQ(rig.code(), "good");
  ASSERT_TRUE(net::eventually([&] { return rig.peer.open_connections() == 0; }));
  EXPECT_THAT(actions_of_ask(), ElementsAre("Command", "Receive", "Signal"));
  EXPECT_EQ(rig.peer.connections(), 2U);
}

TEST_F(WinrmTransport, SessionsAreRecycledByAgeAndByCount) {
  rig.options.max_pipelines = 2;
  rig.make();
  EXPECT_EQ(actions_of_ask().front(), "Create");
  EXPECT_EQ(actions_of_ask().front(), "Command");
  EXPECT_TRUE(rig.eventually_shells(0)) << "two pipelines";
  EXPECT_EQ(actions_of_ask().front(), "Create");
  EXPECT_EQ(rig.peer.connections(), 1U) << "the connection stays";

  rig.options.max_pipelines = 50;
  rig.options.max_age = 0ms;
  rig.make();
  EXPECT_EQ(rig.code(), "good");
  EXPECT_TRUE(rig.eventually_shells(0)) << "too old";
}

TEST_F(WinrmTransport, WithoutReuseTheShellGoesBehindEachAsk) {
  rig.options.reuse = false;
  rig.make();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(rig.code(), "good");
    EXPECT_TRUE(rig.eventually_shells(0));
  }
  EXPECT_EQ(rig.peer.connections(), 1U);
}

TEST_F(WinrmTransport, AsksAtOnceHaveSessionsOfTheirOwnAndOthersWait) {
  rig.options.max_concurrent = 2;
  rig.make();
  std::vector<std::future<Result<Reply>>> asks;
  for (int i = 0; i < 6; ++i) {
    asks.push_back(rig.start());
  }
  for (auto& ask : asks) {
    EXPECT_TRUE(ask.get());
  }
  EXPECT_EQ(rig.peer.connections(), 2U);
  EXPECT_EQ(rig.peer.shells(), 2U);
}

TEST_F(WinrmTransport, WhoWaitsTooLongHearsThatTheSessionsAreBusy) {
  rig.make();
  rig.peer.set_act(
      [](int, std::string_view action) { return action == "Command" ? Act::hang : Act::answer; });
  auto first = rig.start(1s);
  ASSERT_TRUE(net::eventually([&] { return rig.peer.hanging == 1; }));
  const auto second = rig.ask(100ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "winrm.timeout");
  EXPECT_EQ(second.error().stage, Stage::queue);
  EXPECT_FALSE(first.get());
}

TEST_F(WinrmTransport, TheDeadlineInMidRunLeavesNothingBehind) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.peer.set_act([](int request, std::string_view action) {
    return request <= 2 && action == "Receive" ? Act::hang : Act::answer;
  });
  const auto late = rig.ask(700ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().reason, Reason::timeout);
  EXPECT_EQ(late.error().code, "winrm.timeout");
  EXPECT_EQ(late.error().stage, Stage::query);
  EXPECT_TRUE(net::eventually([&] { return rig.peer.commands() == 0; }));
  EXPECT_EQ(rig.peer.connections(), 2U) << "cleared over a new connection";
  EXPECT_EQ(rig.code(), "good");
  rig.close();
  EXPECT_EQ(rig.peer.shells(), 0U);
}

TEST_F(WinrmTransport, APipelineThatDoesNotEndIsStoppedOverTheSameConnection) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  testing::FakeKnobs endless;
  endless.never_ends = true;
  rig.peer.set_knobs(endless);
  rig.peer.take_actions();
  const auto late = rig.ask(600ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, "winrm.timeout");
  EXPECT_EQ(late.error().stage, Stage::query);
  EXPECT_TRUE(net::eventually([&] { return rig.peer.commands() == 0; }));
  EXPECT_EQ(rig.peer.connections(), 1U);
  EXPECT_LT(rig.peer.take_actions().size(), 20U)
      << "a server that never waits is not asked as fast as it answers";
  rig.peer.set_knobs({});
  EXPECT_THAT(actions_of_ask(), ElementsAre("Command", "Receive", "Signal"));
}

TEST_F(WinrmTransport, OpeningHasItsOwnCap) {
  rig.options.open_cap = 300ms;
  rig.make();
  rig.peer.set_act(
      [](int request, std::string_view) { return request == 2 ? Act::hang : Act::answer; });
  const auto began = net::mono_now();
  const auto reply = rig.ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "winrm.timeout");
  EXPECT_EQ(reply.error().stage, Stage::open);
  EXPECT_LT(net::mono_now() - began, 5s);
  EXPECT_TRUE(rig.eventually_shells(0));
  EXPECT_EQ(rig.code(), "good");
}

TEST_F(WinrmTransport, EveryErrorHasItsStage) {
  rig.options.urls.front().port = 1;
  rig.make();
  const auto refused = rig.ask();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Reason::connect);
  EXPECT_EQ(refused.error().stage, Stage::connect);

  rig.options.urls = {*parse_url(rig.peer.url)};
  rig.options.logon.password_file = rig.folder + "/none";
  rig.make();
  const auto unreadable = rig.ask();
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code, "secret.unreadable");
  EXPECT_EQ(unreadable.error().stage, Stage::auth);

  rig.options.logon.password_file = rig.folder + "/password";
  rig.options.budget = std::make_shared<ByteBudget>(100);
  rig.make();
  const auto poor = rig.ask();
  ASSERT_FALSE(poor);
  EXPECT_EQ(poor.error().code, "http.in_flight");
  EXPECT_THAT(poor.error().remedy, HasSubstr("limits.in_flight"));
  EXPECT_EQ(poor.error().stage, Stage::open);
}

TEST_F(WinrmTransport, TheBudgetComesBackAfterEachAsk) {
  rig.options.budget = std::make_shared<ByteBudget>(64U << 10U);
  rig.make();
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(rig.code(), "good") << i;
  }
  rig.peer.set_act([](int, std::string_view action) {
    return action == "Receive" ? Act::garbage : Act::answer;
  });
  EXPECT_NE(rig.code(), "good");
  rig.unmake();
  EXPECT_TRUE(rig.options.budget->try_take(64U << 10U)) << "all of it";
}

TEST_F(WinrmTransport, AnObserverSeesStagesFactsAndTheWireButNoSecret) {
  const auto notes = std::make_shared<Notes>();
  rig.options.observer = notes;
  rig.write_password("canary");
  rig.make();
  EXPECT_EQ(rig.code(), "auth.refused");
  EXPECT_THAT(notes->facts, ::testing::Contains(::testing::Pair("offers", "Negotiate, Basic")));
  EXPECT_THAT(notes->facts,
              ::testing::Contains(::testing::Pair("address", HasSubstr("127.0.0.1"))));
  EXPECT_THAT(notes->stages, ElementsAre("resolve", "connect", "auth"));
  rig.peer.set_password("canary");
  notes->stages.clear();
  EXPECT_EQ(rig.code(), "good");
  EXPECT_THAT(notes->stages, ElementsAre("resolve", "connect", "open", "query", "parse"));
  EXPECT_THAT(notes->wired, HasSubstr("Authorization: Basic ***"));
  EXPECT_THAT(notes->wired, HasSubstr("POST /wsman HTTP/1.1"));
  EXPECT_THAT(notes->wired, HasSubstr("HTTP 401"));
  EXPECT_THAT(notes->wired, Not(HasSubstr("canary")));
  EXPECT_THAT(notes->wired, Not(HasSubstr("Y2FuYXJ5")));
  EXPECT_THAT(notes->wired, Not(HasSubstr("bW9uaXRvcjpjYW5hcnk")));
}

TEST_F(WinrmTransport, IdleConnectionsAndShellsAreClosed) {
  rig.options.connection_idle = 50ms;
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  EXPECT_TRUE(net::eventually([&] { return rig.peer.open_connections() == 0; }));
  EXPECT_EQ(rig.peer.shells(), 1U);
  EXPECT_THAT(actions_of_ask(), ElementsAre("Command", "Receive", "Signal"));

  rig.options.session_idle = 100ms;
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  EXPECT_TRUE(rig.eventually_shells(0));
  EXPECT_TRUE(net::eventually([&] { return rig.peer.open_connections() == 0; }));
}

}  // namespace
}  // namespace sfb::remote
