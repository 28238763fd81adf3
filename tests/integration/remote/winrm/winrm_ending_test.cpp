// Credentials that change, asks that are cut off, and ends that leave nothing behind.
#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace sfb::remote {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

class WinrmEnding : public ::testing::Test {
 protected:
  WinrmRig rig;
};

TEST_F(WinrmEnding, ARefusedPasswordIsTriedOnce) {
  rig.write_password("wrong");
  rig.make();
  const auto reply = rig.ask();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().reason, Reason::auth);
  EXPECT_EQ(reply.error().code, "auth.refused");
  EXPECT_EQ(reply.error().stage, Stage::auth);
  EXPECT_EQ(rig.peer.refused, 1);
  EXPECT_EQ(rig.peer.connections(), 1U);
}

TEST_F(WinrmEnding, ANewPasswordIsToldAndUsed) {
  rig.write_password("wrong");
  rig.make();
  EXPECT_EQ(rig.code(), "auth.refused");
  rig.write_password("wrong\n");
  rig.write_password("secret\n");
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  EXPECT_EQ(rig.code(), "good");
}

TEST_F(WinrmEnding, AFileThatIsOnlyTouchedIsNoNews) {
  rig.write_password("wrong");
  rig.make();
  EXPECT_EQ(rig.code(), "auth.refused");
  rig.write_password("wrong");
  rig.write_password("wrong\r\n");
  rig.write_password("better");  // events come in order: with this one all before it have come
  EXPECT_TRUE(net::eventually([&] { return rig.told >= 1; }));
  EXPECT_EQ(rig.told, 1);
}

// As on a network mount, which tells of no change.
TEST_F(WinrmEnding, AReloadFindsANewPasswordThatNobodyWasToldOf) {
  rig.write_password("wrong");
  rig.make();
  EXPECT_EQ(rig.code(), "auth.refused");
  const auto refused = rig.loop.call([&] { return rig.transport->secret(); });
  ASSERT_TRUE(refused);
  // One that has read nothing, and so watches nothing.
  const auto refresh = [&](std::optional<std::uint64_t> known) {
    rig.make();
    rig.told = 0;
    rig.loop.call([&] { rig.transport->refresh(known); });
  };
  refresh(refused);
  EXPECT_TRUE(net::eventually(
      [&] { return rig.loop.call([&] { return rig.transport->secret(); }) == refused; }));
  rig.loop.call([&] { rig.transport->refresh(std::nullopt); });
  rig.unmake();
  EXPECT_EQ(rig.told, 0);
  rig.write_password("secret");
  refresh(refused);
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  EXPECT_EQ(rig.code(), "good");
  refresh(std::nullopt);
  EXPECT_FALSE(rig.loop.call([&] { return rig.transport->secret(); }));
}

TEST_F(WinrmEnding, APasswordThatAppearsIsTold) {
  std::filesystem::remove(rig.folder + "/password");
  rig.make();
  EXPECT_EQ(rig.code(), "secret.unreadable");
  rig.write_password("secret");
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  EXPECT_EQ(rig.code(), "good");
}

TEST_F(WinrmEnding, AWarmSessionUsesTheNewPasswordToo) {
  rig.make();
  EXPECT_EQ(rig.code(), "good");
  rig.write_password("another");
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  rig.peer.set_password("another");
  rig.peer.take_actions();
  EXPECT_EQ(rig.code(), "good");
  EXPECT_EQ(rig.peer.refused, 0);
  EXPECT_EQ(rig.peer.take_actions().front(), "Command") << "the shell is the account's";
}

TEST_F(WinrmEnding, AShellIsDeletedWithThePasswordThatWasAccepted) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.write_password("wrong");
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  rig.close();
  EXPECT_EQ(rig.peer.shells(), 0U);
  EXPECT_EQ(rig.peer.refused, 0);
}

TEST_F(WinrmEnding, AWrongPasswordCostsOneLogonAlsoWhereAShellIsOpen) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.write_password("wrong");
  EXPECT_TRUE(net::eventually([&] { return rig.told == 1; }));
  EXPECT_EQ(rig.code(), "auth.refused");
  EXPECT_TRUE(rig.eventually_shells(0)) << "cleared with the one that was accepted";
  EXPECT_EQ(rig.peer.refused, 1);
  EXPECT_EQ(rig.code(), "auth.refused") << "the old one does not serve asks";
}

TEST_F(WinrmEnding, ADeleteThatFailedIsRepeated) {
  rig.options.reuse = false;
  rig.make();
  const auto deletes = std::make_shared<std::atomic<int>>(0);
  rig.peer.set_act([deletes](int, std::string_view action) {
    return action == "Delete" && ++*deletes == 1 ? Act::status_500 : Act::answer;
  });
  EXPECT_EQ(rig.code(), "good");
  EXPECT_TRUE(rig.eventually_shells(0));
  EXPECT_EQ(*deletes, 2);
}

TEST_F(WinrmEnding, ARefusedPasswordIsNotTriedAgainToClearAway) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.peer.set_password("changed on the server alone");
  EXPECT_EQ(rig.code(), "auth.refused");
  rig.close();
  EXPECT_EQ(rig.peer.refused, 1);
  rig.peer.set_password("secret");
  rig.make();
  EXPECT_EQ(rig.code(), "good");
}

TEST_F(WinrmEnding, ACancelledAskIsClearedInTheBackground) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  for (const std::string_view at : {"Command", "Receive", "Signal"}) {
    for (const Act act : {Act::hang, Act::act_and_hang}) {
      SCOPED_TRACE(at);
      const int before = rig.peer.hanging;
      auto once = std::make_shared<bool>(false);
      rig.peer.set_act([=](int, std::string_view action) {
        return action == at && !std::exchange(*once, true) ? act : Act::answer;
      });
      const auto ask = rig.start_cancellable();
      ASSERT_TRUE(net::eventually([&] { return rig.peer.hanging > before; }));
      rig.cancel(ask);
      EXPECT_TRUE(net::eventually([&] { return rig.peer.commands() == 0; }));
      EXPECT_EQ(rig.code(), "good");
      EXPECT_EQ(rig.peer.shells(), 1U);
    }
  }
  rig.close();
  EXPECT_EQ(rig.peer.shells(), 0U);
}

TEST_F(WinrmEnding, ACreateThatIsCancelledIsDeleted) {
  rig.make();
  rig.peer.set_act(
      [](int request, std::string_view) { return request == 1 ? Act::act_and_hang : Act::answer; });
  const auto ask = rig.start_cancellable();
  ASSERT_TRUE(net::eventually([&] { return rig.peer.hanging == 1; }));
  EXPECT_EQ(rig.peer.shells(), 1U);
  rig.cancel(ask);
  EXPECT_TRUE(rig.eventually_shells(0));
  EXPECT_EQ(rig.code(), "good");
}

TEST_F(WinrmEnding, CloseLeavesNothingAndNobodyAsksAnyMore) {
  rig.options.max_concurrent = 3;
  rig.make();
  std::vector<std::future<Result<Reply>>> asks;
  for (int i = 0; i < 3; ++i) {
    asks.push_back(rig.start());
  }
  for (auto& ask : asks) {
    EXPECT_TRUE(ask.get());
  }
  EXPECT_EQ(rig.peer.shells(), 3U);
  rig.close();
  EXPECT_EQ(rig.peer.shells(), 0U);
  EXPECT_TRUE(net::eventually([&] { return rig.peer.open_connections() == 0; }));
  EXPECT_EQ(rig.code(), "winrm.closing");
  rig.close();
}

TEST_F(WinrmEnding, CloseWaitsForWhatRunsAndForWhatIsCancelled) {
  rig.options.max_concurrent = 2;
  rig.make();
  rig.peer.set_act([](int, std::string_view action) {
    return action == "Command" ? Act::act_and_hang : Act::answer;
  });
  const auto first = rig.start_cancellable();
  const auto second = rig.start_cancellable();
  ASSERT_TRUE(net::eventually([&] { return rig.peer.hanging == 2; }));
  auto closing = rig.loop.start(rig.transport->close(net::mono_now() + 10s));
  rig.cancel(first);
  EXPECT_EQ(closing.wait_for(100ms), std::future_status::timeout) << "one still runs";
  rig.cancel(second);
  closing.get();
  EXPECT_EQ(rig.peer.shells(), 0U);
}

TEST_F(WinrmEnding, CloseEndsAtItsDeadline) {
  rig.options.close_cap = 1s;
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.peer.set_act([](int, std::string_view) { return Act::hang; });
  const MonoTime began = net::mono_now();
  EXPECT_FALSE(rig.close(200ms)) << "and says that not all is closed";
  EXPECT_LT(net::mono_now() - began, 5s);
}

TEST_F(WinrmEnding, RandomTroubleLeavesNeitherShellsNorDescriptors) {
  rig.options.max_concurrent = 3;
  rig.options.open_cap = 200ms;
  rig.options.close_cap = 600ms;
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  rig.close();
  rig.unmake();
  ASSERT_TRUE(net::eventually([&] { return rig.peer.open_connections() == 0; }));
  const std::size_t before = descriptors();
  rig.make();
  const auto random = std::make_shared<std::mt19937>(20261124);
  rig.peer.set_act([random](int, std::string_view action) {
    if (action == "Delete" || std::uniform_int_distribution<int>(0, 7)(*random) != 0) {
      return Act::answer;
    }
    return static_cast<Act>(std::uniform_int_distribution<int>(1, 5)(*random));
  });
  int good = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::future<Result<Reply>>> asks;
    for (int i = 0; i < 3; ++i) {
      asks.push_back(rig.start(300ms));
    }
    for (auto& ask : asks) {
      const auto reply = ask.get();
      good += reply ? 1 : 0;
      if (!reply) {
        EXPECT_NE(reply.error().stage, Stage::none) << describe(reply.error());
        EXPECT_NE(reply.error().reason, Reason::internal) << describe(reply.error());
      }
    }
  }
  EXPECT_GT(good, 5);
  rig.peer.set_act(nullptr);
  rig.unmake();
  EXPECT_TRUE(rig.eventually_shells(0));
  EXPECT_TRUE(net::eventually([&] { return descriptors() <= before; })) << before << " before";
}

TEST_F(WinrmEnding, TheLoopMayDieWhileAnAskRuns) {
  rig.peer.set_act(
      [](int, std::string_view action) { return action == "Receive" ? Act::hang : Act::answer; });
  auto inner = std::make_unique<asio::io_context>(1);
  auto transport = make_winrm_transport(inner->get_executor(), rig.options, rig.clock, Logger());
  asio::co_spawn(
      *inner,
      transport->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = status_call()},
                     net::mono_now() + 30s),
      [](const std::exception_ptr&, const Result<Reply>&) {});
  const auto end = net::mono_now() + 20s;
  while (rig.peer.hanging == 0 && net::mono_now() < end) {
    inner->run_one_for(50ms);
  }
  EXPECT_EQ(rig.peer.hanging, 1);
  transport.reset();
}

}  // namespace
}  // namespace sfb::remote
