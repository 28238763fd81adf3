// Sessions beside each other: which one an ask gets, large answers beside the loop, and files that
// hang.
#include "agent/remote/winrm/password_file.hpp"
#include "tests/integration/remote/winrm/winrm_rig.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>
#include <vector>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;

class WinrmLanes : public ::testing::Test {
 protected:
  static std::string large_output(std::size_t bytes) {
    return R"(<Obj RefId="0"><TN RefId="0"><T>Test.Status</T></TN><Props><S N="Text">)" +
           std::string(bytes, 'x') + "</S></Props></Obj>";
  }
  net::PoolCounters readers() {
    return rig.loop.call([&] { return rig.options.services->readers.counters(); });
  }

  WinrmRig rig;
};

TEST_F(WinrmLanes, ASessionThatIsClearedForLongHoldsUpNoOther) {
  rig.options.close_cap = 20s;
  rig.make();
  // All but the first session fare well.
  rig.peer.set_act([created = std::make_shared<int>(0)](int, std::string_view action) {
    *created += action == "Create" ? 1 : 0;
    const bool hangs = action == "Command" || action == "Signal" || action == "Delete";
    return *created == 1 && hangs ? Act::hang : Act::answer;
  });
  EXPECT_EQ(rig.code(300ms), "winrm.timeout");
  const MonoTime began = net::mono_now();
  auto second = rig.start(10s);
  ASSERT_TRUE(net::eventually([&] { return rig.peer.shells() == 2; })) << "a session beside it";
  EXPECT_TRUE(second.get());
  EXPECT_LT(net::mono_now() - began, 20s);
  EXPECT_TRUE(rig.eventually_shells(1)) << "one more than configured does not stay";
  std::this_thread::sleep_for(200ms);
  EXPECT_EQ(rig.peer.shells(), 1U) << "but one does";
}

TEST_F(WinrmLanes, WhoWaitsForASessionIsServedWhenAllIsClosed) {
  rig.make();
  rig.peer.set_act([first = std::make_shared<bool>(true)](int, std::string_view action) {
    if (action == "Command") {
      return std::exchange(*first, false) ? Act::hang : Act::answer;
    }
    return Act::answer;
  });
  auto first = rig.start(1s);
  ASSERT_TRUE(net::eventually([&] { return rig.peer.hanging == 1; }));
  auto second = rig.start(10s);  // waits for the only session
  auto closing = rig.loop.start(rig.transport->close(net::mono_now() + 10s));
  const auto reply = second.get();
  EXPECT_TRUE(reply) << describe(reply.error());
  EXPECT_FALSE(first.get());
  EXPECT_TRUE(closing.get());
  EXPECT_EQ(rig.peer.shells(), 0U);
  EXPECT_EQ(rig.code(), "winrm.closing") << "but nobody who comes later";
}

TEST_F(WinrmLanes, ASessionEndsWithTheCmdletsFailure) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  testing::FakeKnobs knobs;
  knobs.pipeline_state = "5";
  rig.peer.set_knobs(knobs);
  EXPECT_EQ(rig.code(), "good") << "the transport's part was";
  EXPECT_TRUE(rig.eventually_shells(0)) << "rights given now count from the next session on";
  rig.peer.set_knobs({});
  rig.peer.take_actions();
  EXPECT_EQ(rig.code(), "good");
  EXPECT_EQ(rig.peer.take_actions().front(), "Create");
  EXPECT_EQ(rig.peer.shells(), 1U);
}

TEST_F(WinrmLanes, LargeAnswersAreReadBesideTheLoop) {
  rig.options.services = std::make_shared<WinrmServices>(rig.loop.executor());
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  EXPECT_EQ(readers().threads, 0U) << "small ones are not";
  testing::FakeKnobs knobs;
  knobs.output = {large_output(1'000'000)};
  rig.peer.set_knobs(knobs);
  const auto reply = rig.ask();
  ASSERT_TRUE(reply) << describe(reply.error());
  EXPECT_EQ(reply->result->unpack().output.size(), 1U);
  EXPECT_EQ(readers().threads, 1U);
  rig.unmake();
  rig.loop.call([&] { rig.options.services.reset(); });
}

TEST_F(WinrmLanes, AnAskMayBeCutOffWhileItsAnswerIsRead) {
  rig.make();
  ASSERT_EQ(rig.code(), "good");
  testing::FakeKnobs knobs;
  knobs.output = {large_output(1'500'000)};
  rig.peer.set_knobs(knobs);
  std::mt19937 random(20261126);
  for (int i = 0; i < 40; ++i) {
    const auto ask = rig.start_cancellable();
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<int>(0, 40'000)(random)));
    rig.cancel(ask);
  }
  EXPECT_EQ(rig.code(), "good");
  EXPECT_TRUE(net::eventually([&] { return rig.peer.commands() == 0; }));
  EXPECT_TRUE(rig.close());
  EXPECT_EQ(rig.peer.shells(), 0U);
}

// The most sessions that may be configured, all of which read the password file.
TEST_F(WinrmLanes, AsManySessionsAsConfiguredBeginInOneMoment) {
  constexpr std::size_t kMany = 1000;
  rig.options.max_concurrent = kMany;
  rig.options.urls = {*parse_url("http://127.0.0.1:9/wsman")};
  // A long way, so that the asks come faster than the reads.
  std::string way;
  for (int i = 0; i < 1900; ++i) {
    way += "/.";
  }
  rig.options.logon.password_file = rig.folder + way + "/password";
  rig.make();
  std::vector<std::future<Result<Reply>>> asks;
  rig.loop.call([&] {
    for (std::size_t i = 0; i < kMany; ++i) {
      asks.push_back(rig.start(20s));
    }
  });
  for (auto& ask : asks) {
    EXPECT_EQ(ask.get().error().code, "connect.refused");
  }
}

TEST_F(WinrmLanes, AReadThatHangsHoldsUpNeitherTheAskNorMoreThanOneThread) {
  const auto files = std::make_shared<net::WorkerPool>("secrets", 1, 8, 20ms);
  std::promise<void> opened;
  // As a dead mount would: the pool's only thread is taken.
  auto hung = rig.loop.start(files->run([open = opened.get_future().share()]() -> Result<int> {
    open.wait();
    return 1;
  }));
  ASSERT_TRUE(net::eventually([&] { return files->counters().busy == 1; }));
  std::shared_ptr<PasswordFile> file;
  rig.loop.call([&] {
    file = PasswordFile::create(rig.loop.executor(), files,
                                std::make_shared<os::SharedWatch>(rig.loop.executor()),
                                rig.folder + "/password", Logger());
  });
  for (int i = 0; i < 3; ++i) {
    const auto read = rig.loop.start(file->read(net::mono_now() + 50ms)).get();
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, "secret.hung");
    EXPECT_EQ(read.error().reason, Reason::timeout);
  }
  EXPECT_EQ(files->counters().threads, 1U);
  opened.set_value();
  EXPECT_TRUE(hung.get());
  const auto read = rig.loop.start(file->read(net::mono_now() + 10s)).get();
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ((*read)->reveal(), "secret");
  rig.loop.call([&] { file.reset(); });
}

TEST_F(WinrmLanes, TheLoopMayDieWhileAnAnswerIsRead) {
  testing::FakeKnobs knobs;
  knobs.output = {large_output(3'000'000)};
  rig.peer.set_knobs(knobs);
  rig.options.limits.envelope = 8UL << 20U;
  bool caught = false;
  for (int i = 0; i < 20 && !caught; ++i) {
    auto inner = std::make_unique<boost::asio::io_context>(1);
    rig.options.services = std::make_shared<WinrmServices>(inner->get_executor());
    auto transport = make_winrm_transport(inner->get_executor(), rig.options, rig.clock, Logger());
    bool ended = false;
    boost::asio::co_spawn(
        *inner,
        transport->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = status_call()},
                       net::mono_now() + 30s),
        [&](const std::exception_ptr&, const Result<Reply>&) { ended = true; });
    while (!ended && !caught) {
      inner->run_one_for(1ms);
      caught = rig.options.services->readers.counters().busy > 0;
    }
    transport.reset();
    rig.options.services.reset();
  }
  EXPECT_TRUE(caught);
}

TEST_F(WinrmLanes, AFileThatNobodyAskedForIsNoNews) {
  const auto files = std::make_shared<net::WorkerPool>("secrets", 1, 8, 20ms);
  std::shared_ptr<PasswordFile> asked;
  std::shared_ptr<PasswordFile> other;
  std::atomic<int> told_asked{0};
  std::atomic<int> told_other{0};
  rig.loop.call([&] {
    const auto watch = std::make_shared<os::SharedWatch>(rig.loop.executor());
    const auto make = [&](std::atomic<int>& told) {
      auto file = PasswordFile::create(rig.loop.executor(), files, watch, rig.folder + "/password",
                                       Logger());
      file->on_change([&told](std::uint64_t) { ++told; });
      return file;
    };
    asked = make(told_asked);
    other = make(told_other);
  });
  ASSERT_TRUE(rig.loop.start(asked->read(net::mono_now() + 10s)).get());
  rig.write_password("secret\n");  // the same
  rig.write_password("another\n");
  EXPECT_TRUE(net::eventually([&] { return told_asked == 1; }));
  EXPECT_EQ(told_other, 0);
  rig.loop.call([&] {
    asked.reset();
    other.reset();
  });
}

}  // namespace
}  // namespace sfb::remote
