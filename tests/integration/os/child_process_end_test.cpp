#include "tests/integration/os/child_rig.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace sfb::os {
namespace {

using ChildProcessEndTest = ChildTest;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Heeds neither the end of its stdin nor SIGTERM.
const char* const kStubborn = "trap '' TERM; echo ready; while :; do sleep 1; done";

TEST_F(ChildProcessEndTest, TellsHowItEnded) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"exit 0", "exit status 0"},
      {"exit 3", "exit status 3"},
      {"exit 255", "exit status 255"},
      {"kill -TERM $$", "killed by SIGTERM"},
      {"kill -KILL $$", "killed by SIGKILL"},
      {"kill -34 $$", "killed by signal 34"}};
  for (const auto& [script, text] : cases) {
    start(shell(script));
    EXPECT_EQ(ended(), text) << script;
    EXPECT_EQ(ended(), text) << "again";
    EXPECT_TRUE(loop_.call([&] { return child_->exit().has_value(); }));
    EXPECT_TRUE(is_reaped(pid_));
  }
}

TEST_F(ChildProcessEndTest, IsWaitedForUntilADeadline) {
  start({"/bin/sleep", "60"});
  EXPECT_FALSE(exited(net::mono_now() + milliseconds(5)));
  EXPECT_FALSE(loop_.call([&] { return child_->exit().has_value(); }));
}

TEST_F(ChildProcessEndTest, TheEndOfStdinIsEnoughForMost) {
  start(shell("cat; exit 6"));
  EXPECT_EQ(end({hours(1), hours(1)}, net::kNever), "exit status 6");
  EXPECT_EQ(end({hours(1), hours(1)}), "exit status 6") << "again";
}

TEST_F(ChildProcessEndTest, ThenComesSigterm) {
  start({"/bin/sleep", "60"});
  EXPECT_EQ(end({milliseconds(5), hours(1)}, net::kNever), "killed by SIGTERM");
}

TEST_F(ChildProcessEndTest, SigtermGoesToTheWholeGroup) {
  // The shell runs its trap only when its sleep has ended.
  start(shell("trap 'exit 9' TERM; echo ready; sleep 60; exit 1"));
  EXPECT_EQ(read_line(), "ready\n");
  EXPECT_EQ(end({milliseconds(50), hours(1)}, net::kNever), "exit status 9");
}

TEST_F(ChildProcessEndTest, ThenComesSigkill) {
  start(shell(kStubborn));
  EXPECT_EQ(read_line(), "ready\n");
  EXPECT_EQ(end({milliseconds(5), milliseconds(5)}, net::kNever), "killed by SIGKILL");
}

TEST_F(ChildProcessEndTest, NoPatienceIsSigkill) {
  start(shell(kStubborn));
  EXPECT_EQ(read_line(), "ready\n");
  EXPECT_EQ(end({milliseconds(0), milliseconds(0)}, net::kNever), "killed by SIGKILL");
}

TEST_F(ChildProcessEndTest, ADeadlineShortensThePatience) {
  start(shell(kStubborn));
  EXPECT_EQ(read_line(), "ready\n");
  end({hours(1), hours(1)}, net::mono_now() + milliseconds(300));
  EXPECT_EQ(ended(), "killed by SIGKILL");

  start({"/bin/sleep", "60"});
  EXPECT_EQ(end({hours(1), hours(1)}, net::mono_now() + seconds(2)), "killed by SIGTERM")
      << "each step gets its share";
}

TEST_F(ChildProcessEndTest, AfterTheDeadlineItGoesOnInTheBackground) {
  start(shell(kStubborn));
  EXPECT_EQ(read_line(), "ready\n");
  end({hours(1), hours(1)}, MonoTime{});  // whether it is seen dead is chance
  EXPECT_EQ(ended(), "killed by SIGKILL");
}

TEST_F(ChildProcessEndTest, WhoBlocksInAWriteSeesTheEndOfStdin) {
  start(shell("head -c 5000000 /dev/zero; cat; exit 7"));
  EXPECT_EQ(end({hours(1), hours(1)}, net::kNever), "exit status 7");
}

TEST_F(ChildProcessEndTest, ItsGroupEndsWithIt) {
  start(shell("sleep 60 & echo $!; read line; exit 2"));
  const pid_t grandchild = read_pid();
  EXPECT_FALSE(is_dead(grandchild));
  EXPECT_TRUE(write("go\n"));
  EXPECT_EQ(ended(), "exit status 2");
  EXPECT_TRUE(net::eventually([&] { return is_dead(grandchild); }));
  EXPECT_EQ(read(), "") << "nobody holds its stdout open";
}

TEST_F(ChildProcessEndTest, DroppedItDiesWithItsGroup) {
  start(shell("trap '' TERM; sleep 60 & echo $!; wait"));
  const pid_t grandchild = read_pid();
  drop();
  EXPECT_TRUE(net::eventually([&] { return is_reaped(pid_); }));
  EXPECT_TRUE(net::eventually([&] { return is_dead(grandchild); }));
}

TEST_F(ChildProcessEndTest, DroppedItDiesInAnotherGroupToo) {
  start({"/usr/bin/env", "python3", "-c",
         "import os, time\n"
         "os.setpgid(0, os.getpgid(os.getppid()))\n"
         "print('left', flush=True)\n"
         "time.sleep(60)\n"});
  EXPECT_EQ(read_line(), "left\n");
  drop();
  EXPECT_TRUE(net::eventually([&] { return is_reaped(pid_); }));
}

TEST_F(ChildProcessEndTest, IsReapedThoughNobodyAsks) {
  start({"/bin/true"});
  EXPECT_TRUE(net::eventually([&] { return is_reaped(pid_); }));
}

TEST_F(ChildProcessEndTest, WaitsOutliveTheObject) {
  start({"/bin/sleep", "60"});
  auto reading = loop_.start(child_->read(net::kNever));
  auto writing = loop_.start(child_->write(std::string(1'000'000, 'x'), net::kNever));
  auto waiting = loop_.start(child_->exited(net::kNever));
  auto late = child_->read(net::kNever);  // runs only when the object is gone
  drop();
  const auto read = reading.get();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "process.stdout");
  const auto written = writing.get();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "process.stdin");
  const auto exit = waiting.get();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->text(), "killed by SIGKILL");
  EXPECT_FALSE(loop_.start(std::move(late)).get());

  start({"/bin/sleep", "60"});
  auto ending = loop_.start(child_->end({hours(1), hours(1)}, net::kNever));
  drop();
  EXPECT_TRUE(ending.get());
}

// A process that traces another until its stdin ends; nothing when that is not allowed here.
class Tracer {
 public:
  explicit Tracer(pid_t whom) {
    std::array<int, 2> stop{};
    std::array<int, 2> ready{};
    if (::pipe(stop.data()) != 0 || ::pipe(ready.data()) != 0) {
      return;
    }
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(stop[1]);
      char byte = ::ptrace(PTRACE_SEIZE, whom, nullptr, nullptr) == 0 ? 'y' : 'n';
      static_cast<void>(::write(ready[1], &byte, 1));
      static_cast<void>(::read(stop[0], &byte, 1));
      ::_exit(0);
    }
    char byte = 'n';
    static_cast<void>(::read(ready[0], &byte, 1));
    works_ = byte == 'y';
    stop_ = stop[1];
    ::close(stop[0]);
    ::close(ready[0]);
    ::close(ready[1]);
  }
  ~Tracer() { let_go(); }
  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  bool works() const { return works_; }
  void let_go() {
    if (stop_ >= 0) {
      ::close(std::exchange(stop_, -1));
      ::waitpid(pid_, nullptr, 0);
    }
  }

 private:
  pid_t pid_ = -1;
  int stop_ = -1;
  bool works_ = false;
};

// It is dead, and its parent cannot have it yet: a debugger looks at it.
TEST_F(ChildProcessEndTest, OneThatCannotBeReapedAtOnceIsReapedLater) {
  start({"/bin/sleep", "60"});
  Tracer tracer(pid_);
  if (!tracer.works()) {
    GTEST_SKIP() << "nobody may trace here";
  }
  ::kill(pid_, SIGKILL);
  EXPECT_TRUE(net::eventually([&] { return is_dead(pid_); }));
  EXPECT_FALSE(exited(net::mono_now() + milliseconds(5)));
  EXPECT_FALSE(is_reaped(pid_));
  tracer.let_go();
  EXPECT_EQ(ended(), "killed by SIGKILL");
  EXPECT_TRUE(is_reaped(pid_));
}

// Loops that stop, as the agent's does at its end.
boost::asio::awaitable<void> hold(std::unique_ptr<ChildProcess> child) {
  co_await child->exited(net::kNever);
}

TEST(ChildProcessLoop, LeavesNothingBehindWhenTheLoopGoes) {
  for (const bool held_by_coroutine : {false, true}) {
    for (const int turns : {0, 1, 5}) {
      pid_t pid = 0;
      {
        boost::asio::io_context io{1};
        auto made = ChildProcess::start(io.get_executor(), {"/bin/sleep", "60"});
        ASSERT_TRUE(made) << describe(made.error());
        std::unique_ptr<ChildProcess> child = std::move(*made);
        pid = child->pid();
        if (held_by_coroutine) {
          boost::asio::co_spawn(io, hold(std::move(child)), boost::asio::detached);
        }
        for (int turn = 0; turn < turns; ++turn) {
          io.poll_one();
        }
        io.stop();
        EXPECT_FALSE(is_reaped(pid));
      }
      EXPECT_TRUE(is_reaped(pid)) << held_by_coroutine << ' ' << turns;
    }
  }
}

TEST(ChildProcessLoop, ReapsWhatEndedWhileTheLoopStoodStill) {
  pid_t pid = 0;
  {
    boost::asio::io_context io{1};
    auto made = ChildProcess::start(io.get_executor(), {"/bin/true"});
    ASSERT_TRUE(made) << describe(made.error());
    pid = (*made)->pid();
    EXPECT_TRUE(net::eventually([&] { return is_dead(pid); }));
    EXPECT_FALSE(is_reaped(pid));
  }
  EXPECT_TRUE(is_reaped(pid));
}

}  // namespace
}  // namespace sfb::os
