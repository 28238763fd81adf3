// Transport ssh with real processes: the simulator on its stdin and stdout, and programs that are
// no server at all. What takes minutes with the agent's own times is here.
#include "agent/remote/process/process_transport.hpp"

#include "agent/net/deadline.hpp"
#include "tests/integration/net/loop.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::remote {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr std::string_view kPool = "a.example.com";

class ProcessTransport : public ::testing::Test {
 protected:
  ProcessTransport() {
    std::string made = std::filesystem::temp_directory_path() / "sfb-ssh-XXXXXX";
    folder_ = ::mkdtemp(made.data());
    options_.endpoint = "atlanta";
  }
  ~ProcessTransport() override {
    if (transport_) {
      EXPECT_TRUE(close(20s));
    }
    EXPECT_EQ(violations(), 0U);
    std::filesystem::remove_all(folder_);
  }

  /// `pool` and `faults` in the scenario's words.
  void play(std::string_view pool = "{}", std::string_view faults = "[]") {
    std::ofstream(folder_ + "/scenario.yml") << fmt::format(
        "listeners: [{{name: l1}}]\npools: {{{}: {}}}\nfaults: {}\n", kPool, pool, faults);
    options_.argv = {SFB_SIMULATOR, folder_ + "/scenario.yml", "--stdio", "--log",
                     folder_ + "/journal"};
    make();
  }
  void run(std::string_view script) {
    options_.argv = {"/bin/sh", "-c", std::string(script)};
    make();
  }
  void make() {
    loop_.call(
        [&] { transport_ = make_process_transport(loop_.executor(), options_, clock_, Logger()); });
  }

  Call call() const {
    return {
        "Get-CsBackupServiceStatus", {{"PoolFqdn", Value::string(std::string(kPool))}}, script_};
  }
  Result<Reply> ask(std::chrono::milliseconds time = 20s) {
    return loop_
        .start(transport_->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = call()},
                               net::mono_now() + time))
        .get();
  }
  std::string code(std::chrono::milliseconds time = 20s) {
    const auto reply = ask(time);
    return reply ? "good" : reply.error().code;
  }
  bool close(std::chrono::milliseconds time) {
    const bool all = loop_.start(transport_->close(net::mono_now() + time)).get();
    loop_.call([&] { transport_.reset(); });
    return all;
  }

  /// Lines of the journal with this in it.
  std::vector<std::string> journal(std::string_view what) const {
    std::ifstream file(folder_ + "/journal");
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) {
      if (line.contains(what)) {
        found.push_back(line);
      }
    }
    return found;
  }
  std::size_t count(std::string_view event) const {
    return journal(fmt::format(R"("event": "{}")", event)).size();
  }
  std::size_t violations() const { return count("violation"); }
  /// Of the n-th process, from 0.
  pid_t pid(std::size_t number) const {
    const auto starts = journal(R"("event": "start")");
    constexpr std::string_view kPid = R"({"pid": )";
    return number < starts.size() ? std::stoi(starts[number].substr(kPid.size())) : 0;
  }
  static bool gone(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

  std::string folder_;
  std::string script_ = "param() Get-CsBackupServiceStatus";
  SshOptions options_;
  SystemClock clock_;
  net::Loop loop_;
  std::shared_ptr<Transport> transport_;
};

TEST_F(ProcessTransport, AnIdleProcessIsEndedInTime) {
  options_.session_idle = 200ms;
  play();
  EXPECT_EQ(code(), "good");
  const pid_t first = pid(0);
  EXPECT_TRUE(net::eventually([&] { return gone(first); }));
  EXPECT_EQ(count("close_pool"), 1U);
  EXPECT_EQ(journal(R"("orderly": true)").size(), 1U);
  EXPECT_EQ(code(), "good") << "another one";
  EXPECT_EQ(count("start"), 2U);
}

TEST_F(ProcessTransport, OneThatWasKilledWhileIdleIsReplaced) {
  play();
  EXPECT_EQ(code(), "good");
  ::kill(pid(0), SIGKILL);
  EXPECT_TRUE(net::eventually([&] { return gone(pid(0)); })) << "reaped though nobody waits";
  EXPECT_EQ(code(), "good");
  EXPECT_EQ(count("start"), 2U);
}

TEST_F(ProcessTransport, AnAskThatIsCutOffLeavesNothingBehind) {
  play("{slow: 1h}");
  asio::cancellation_signal cancel;
  std::atomic<bool> ended{false};
  asio::co_spawn(
      loop_.executor(),
      transport_->ask({.pool = Fqdn::parse("atl.example.com").value(), .call = call()},
                      net::mono_now() + 1h),
      asio::bind_cancellation_slot(
          cancel.slot(), [&](const std::exception_ptr&, const Result<Reply>&) { ended = true; }));
  EXPECT_TRUE(net::eventually([&] { return count("pipeline") == 1; }));
  loop_.call([&] { cancel.emit(asio::cancellation_type::terminal); });
  EXPECT_TRUE(net::eventually([&] { return ended && count("close") == 1; }));
  EXPECT_EQ(count("signal"), 1U);
  EXPECT_FALSE(gone(pid(0))) << "it heard the stop";
}

// At each step of its life a process may hang: each ask ends by its deadline, and in the end it is
// gone.
TEST_F(ProcessTransport, ADeadlineEndsEveryWait) {
  for (const std::string_view step : {"Start", "Open", "Command", "Data"}) {
    for (const std::string_view act : {"hang", "stall", "deaf"}) {
      if (step == "Start" && act == "deaf") {
        continue;  // nothing is said yet that could be missed
      }
      std::filesystem::remove(folder_ + "/journal");
      options_.eof_patience = options_.term_patience = 300ms;
      play("{}", fmt::format("[{{do: {}, action: {}, child: 1}}]", act, step));
      const auto reply = ask(3s);  // enough to come to that step
      ASSERT_FALSE(reply) << step << act;
      EXPECT_EQ(reply.error().code, "ssh.timeout") << step << act;
      const bool opens = step == "Start" || step == "Open";
      EXPECT_EQ(reply.error().stage, opens ? Stage::open : Stage::query) << step << act;
      EXPECT_EQ(code(), "good") << step << act << ": another one";
      EXPECT_TRUE(net::eventually([&] { return gone(pid(0)); })) << step << act;
      EXPECT_TRUE(close(20s));
      EXPECT_EQ(violations(), 0U) << step << act;
    }
  }
}

TEST_F(ProcessTransport, OneThatReadsNoMoreIsNotWaitedFor) {
  // Its opening and its command are read, and then nothing.
  std::ofstream(folder_ + "/scenario.yml")
      << "listeners: [{name: l1}]\npools: {a.example.com: {}}\n";
  options_.eof_patience = options_.term_patience = 100ms;
  // A pipe takes 64 KiB, a line has less: only a short pipe shows. Users with many have short ones.
  run(
      fmt::format("/usr/bin/python3 -c 'import fcntl; fcntl.fcntl(0, fcntl.F_SETPIPE_SZ, 4096)'; "
                  "{{ read -r one; echo \"$one\"; read -r two; echo \"$two\"; exec sleep 600; }} | "
                  "exec {} {}/scenario.yml --stdio",
                  SFB_SIMULATOR, folder_));
  script_ += "#" + std::string(20'000, 'x');
  const auto reply = ask(10s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "process.stdin_full") << describe(reply.error());
  EXPECT_EQ(reply.error().reason, Reason::timeout);
  EXPECT_EQ(reply.error().stage, Stage::query);
}

TEST_F(ProcessTransport, OneThatNeverStopsTalkingIsNotListenedToForEver) {
  options_.eof_patience = options_.term_patience = 100ms;
  run("while :; do echo __NamedPipeError__:trouble; done");
  const auto reply = ask(2s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "ssh.timeout");
  EXPECT_TRUE(reply.error().peer.contains("trouble"));
  EXPECT_LE(reply.error().peer.size(), 2000U);
}

TEST_F(ProcessTransport, OneThatClosesItsOutputAndStaysIsNotWaitedForBehindTheDeadline) {
  options_.eof_patience = options_.term_patience = 100ms;
  run("exec >&-; echo Bye. >&2; exec sleep 600");
  const auto reply = ask(2s);
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, "ssh.exited");
  EXPECT_TRUE(reply.error().message.contains("closed its output")) << reply.error().message;
}

TEST_F(ProcessTransport, ClosingKillsWhatDoesNotGo) {
  options_.close_cap = 500ms;
  play("{}", "[{do: linger, term: false, action: Start}]");
  EXPECT_EQ(code(), "good");
  const pid_t first = pid(0);
  EXPECT_TRUE(close(20s));
  EXPECT_TRUE(net::eventually([&] { return gone(first); }));
}

TEST_F(ProcessTransport, LargeAnswersAreReadBesideTheLoopAndCountAgainstTheLimit) {
  play("{huge: 1500000}");
  EXPECT_EQ(code(), "good");
  EXPECT_TRUE(close(20s));
  options_.limits.in_flight = 500'000;
  play("{huge: 1500000}");
  EXPECT_EQ(code(), "ssh.in_flight");
}

}  // namespace
}  // namespace sfb::remote
