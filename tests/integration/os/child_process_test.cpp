#include "tests/integration/os/child_rig.hpp"

#include <boost/asio/detached.hpp>

namespace sfb::os {
namespace {

using ChildProcessTest = ChildTest;
using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string code(const Status& status) {
  return status ? "" : status.error().code;
}
std::string code(const Result<std::string>& result) {
  return result ? "" : result.error().code;
}

TEST_F(ChildProcessTest, TalksThroughItsThreeStreams) {
  start({"/bin/cat"});
  EXPECT_TRUE(write("hello\n"));
  EXPECT_EQ(read_line(), "hello\n");
  EXPECT_TRUE(write(""));
  EXPECT_TRUE(write("again\n"));
  EXPECT_EQ(read_line(), "again\n");
  EXPECT_EQ(tail(), "");
  EXPECT_EQ(end({milliseconds(20'000), {}}), "exit status 0");
  EXPECT_EQ(code(write("late")), "process.stdin");
  EXPECT_EQ(read(), "");
}

TEST_F(ChildProcessTest, MuchGoesBothWaysAtOnce) {
  start({"/bin/cat"});
  std::string sent;
  while (sent.size() < (8UL << 20U)) {
    sent += std::to_string(sent.size()) + ' ';
  }
  auto writing = loop_.start(child_->write(sent, far()));
  std::string came;
  while (came.size() < sent.size()) {
    const auto piece = read();
    ASSERT_TRUE(piece) << describe(piece.error());
    ASSERT_FALSE(piece->empty());
    EXPECT_LE(piece->size(), 64U << 10U);
    came += *piece;
  }
  EXPECT_TRUE(writing.get());
  EXPECT_TRUE(came == sent);
}

TEST_F(ChildProcessTest, StderrNeverBlocksIt) {
  start(
      shell("echo unread; head -c 10000000 /dev/zero | tr '\\0' x >&2; echo >&2; echo last >&2; "
            "exit 5"));
  EXPECT_EQ(ended(), "exit status 5");
  const std::string text = tail();
  EXPECT_EQ(text.size(), ChildProcess::kStderrBytes);
  EXPECT_TRUE(text.ends_with("xxx\nlast")) << text;
}

TEST_F(ChildProcessTest, StderrIsWholeWhenTheEndIsTold) {
  for (int i = 0; i < 50; ++i) {
    start(shell("seq 30 >&2"));
    EXPECT_EQ(ended(), "exit status 0");
    EXPECT_EQ(tail(), "21\n22\n23\n24\n25\n26\n27\n28\n29\n30");
  }
}

boost::asio::awaitable<std::string> tail_at_exit(ChildProcess& child) {
  co_await child.exited(far());
  co_return child.stderr_tail();
}

TEST_F(ChildProcessTest, StderrIsWholeThoughMuchWasLeftWhenItEnded) {
  start({"/usr/bin/env", "python3", "-c",
         "import fcntl, os, sys\n"
         "sys.stdin.read(1)\n"
         "fcntl.fcntl(2, 1031, 1 << 20)\n"  // F_SETPIPE_SZ: more than one read takes
         "os.write(2, b'x' * 500000 + b'\\nlast\\n')\n"});
  loop_.call([&] {
    boost::asio::co_spawn(loop_.executor(), child_->write("go", far()), boost::asio::detached);
  });
  auto tail = loop_.start(tail_at_exit(*child_));
  loop_.call(
      [&] { EXPECT_TRUE(net::eventually([&] { return is_dead(pid_); })) << "the loop sleeps"; });
  EXPECT_TRUE(tail.get().ends_with("xxx\nlast"));
}

TEST_F(ChildProcessTest, AProcessOutsideTheGroupHoldsNothingUp) {
  start(shell(outsider("") + "read line; echo gone >&2; exit 4"));
  const pid_t other = read_pid();
  EXPECT_TRUE(write("go\n"));
  EXPECT_EQ(ended(), "exit status 4");
  EXPECT_EQ(tail(), "gone");
  EXPECT_FALSE(is_dead(other));
  EXPECT_EQ(code(read(net::mono_now() + milliseconds(20))), "process.silent");
  ::kill(other, SIGKILL);
  EXPECT_EQ(read(), "") << "the end, now that nobody holds it open";
}

TEST_F(ChildProcessTest, WhatItWroteIsReadAfterItsEnd) {
  start(shell("echo out"));
  EXPECT_EQ(ended(), "exit status 0");
  EXPECT_EQ(read(MonoTime{}), "out\n") << "there already, so the deadline is no matter";
  EXPECT_EQ(read(MonoTime{}), "");
  EXPECT_EQ(read(), "");
}

TEST_F(ChildProcessTest, AReadEndsByItsDeadlineAndMayBeRepeated) {
  start({"/bin/cat"});
  const auto silent = read(net::mono_now() + milliseconds(5));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, "process.silent");
  EXPECT_EQ(silent.error().reason, Reason::timeout);
  EXPECT_EQ(silent.error().message,
            "/bin/cat (process " + std::to_string(pid_) + ") wrote nothing until the deadline");
  EXPECT_TRUE(write("x\n"));
  EXPECT_EQ(read_line(), "x\n");
}

// Reads that are cut off at every moment, while data comes.
boost::asio::awaitable<std::string> read_cut_off(ChildProcess& child, std::size_t size) {
  std::string came;
  for (int i = 0; came.size() < size; ++i) {
    const auto piece = co_await net::with_deadline(child.read(far()),
                                                   net::mono_now() + microseconds(10 * (i % 100)));
    if (piece && *piece) {
      came += **piece;
    } else if (piece && (*piece).error().code != "process.cancelled") {
      co_return describe((*piece).error());
    }
  }
  co_return came;
}

TEST_F(ChildProcessTest, ACancelledReadLosesNothing) {
  start(shell("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; cat"));
  std::string expected;
  for (int i = 0; i < 2000; ++i) {
    expected += std::to_string(i) + '\n';
  }
  EXPECT_EQ(loop_.start(read_cut_off(*child_, expected.size())).get(), expected);
}

TEST_F(ChildProcessTest, WaitsCanBeCancelled) {
  start({"/bin/sleep", "60"});
  const auto soon = [] { return net::mono_now() + milliseconds(5); };
  EXPECT_FALSE(loop_.start(net::with_deadline(child_->read(net::kNever), soon())).get());
  EXPECT_FALSE(loop_.start(net::with_deadline(child_->exited(net::kNever), soon())).get());
  EXPECT_FALSE(loop_
                   .start(net::with_deadline(
                       child_->write(std::string(1'000'000, 'x'), net::kNever), soon()))
                   .get());
  EXPECT_EQ(code(write("x")), "process.stdin") << "who knows how much went before";
  EXPECT_FALSE(loop_.start(net::with_deadline(child_->end({}, net::kNever), soon())).get());
}

TEST_F(ChildProcessTest, AWriteToWhoDoesNotReadEndsByItsDeadline) {
  start({"/bin/sleep", "60"});
  const auto full = write(std::string(1'000'000, 'x'), net::mono_now() + milliseconds(20));
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, "process.stdin_full");
  EXPECT_EQ(full.error().reason, Reason::timeout);
  EXPECT_TRUE(full.error().message.contains(" of 1000000 bytes were left")) << full.error().message;
  EXPECT_EQ(code(write("x")), "process.stdin");
}

TEST_F(ChildProcessTest, AClosedStdinIsAnErrorAndNoSignal) {
  struct sigaction before{};
  struct sigaction fatal{};
  fatal.sa_handler = SIG_DFL;
  ::sigaction(SIGPIPE, &fatal, &before);
  start(shell("exec <&-; echo closed; exec sleep 60"));
  EXPECT_EQ(read_line(), "closed\n");
  const auto closed = write("x");
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().code, "process.stdin");
  EXPECT_EQ(closed.error().reason, Reason::process);
  EXPECT_TRUE(closed.error().message.ends_with("takes no more input: Broken pipe"));
  loop_.call([] {
    sigset_t set;
    ::sigpending(&set);
    EXPECT_EQ(::sigismember(&set, SIGPIPE), 0) << "taken back";
    ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
    EXPECT_EQ(::sigismember(&set, SIGPIPE), 0) << "not left blocked";
  });
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_F(ChildProcessTest, AWriteEndsWhenTheProcessDoes) {
  start(shell("read line; exit 0"));
  auto writing = loop_.start(child_->write('\n' + std::string(1'000'000, 'x'), far()));
  EXPECT_EQ(code(writing.get()), "process.stdin");
  EXPECT_EQ(ended(), "exit status 0");
  EXPECT_EQ(code(write("x")), "process.stdin");

  start(shell("exec 3<&0; " + outsider("<&3") + "read line; exit 0"));
  const pid_t other = read_pid();
  writing = loop_.start(child_->write('\n' + std::string(1'000'000, 'x'), far()));
  EXPECT_EQ(code(writing.get()), "process.stdin") << "though its stdin is held open elsewhere";
  ::kill(other, SIGKILL);
}

}  // namespace
}  // namespace sfb::os
