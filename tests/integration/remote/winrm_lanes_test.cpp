// Sessions beside each other: which one an ask gets, large answers beside the loop, and files that
// hang.
#include "agent/remote/password_file.hpp"
#include "tests/integration/remote/winrm_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <random>
#include <thread>

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
  rig.peer.set_act([first = std::make_shared<bool>(true)](int, std::string_view action) {
    if (action == "Command") {
      return std::exchange(*first, false) ? Act::hang : Act::answer;
    }
    return action == "Signal" || action == "Delete" ? Act::hang : Act::answer;
  });
  EXPECT_EQ(rig.code(300ms), "winrm.timeout");
  const MonoTime began = net::mono_now();
  auto second = rig.start(10s);
  ASSERT_TRUE(net::eventually([&] { return rig.peer.shells() == 2; })) << "a session beside it";
  rig.peer.set_act(nullptr);
  EXPECT_TRUE(second.get());
  EXPECT_LT(net::mono_now() - began, 20s);
  EXPECT_TRUE(rig.eventually_shells(1)) << "one more than configured does not stay";
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
  EXPECT_EQ(reply->result->output.size(), 1U);
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
                                std::make_shared<net::SharedWatch>(rig.loop.executor()),
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

}  // namespace
}  // namespace sfb::remote
