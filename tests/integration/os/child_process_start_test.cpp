#include "agent/os/spawn.hpp"
#include "tests/integration/os/child_rig.hpp"
#include "tests/integration/os/open_descriptors.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

namespace sfb::os {
namespace {

namespace fs = std::filesystem;

class ChildProcessStartTest : public ChildTest {
 protected:
  ChildProcessStartTest() {
    std::string name = (fs::temp_directory_path() / "sfb-child-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~ChildProcessStartTest() override { fs::remove_all(root_); }

  std::string file(const std::string& name, const std::string& content, bool executable) {
    const std::string path = root_ + "/" + name;
    std::ofstream(path) << content;
    fs::permissions(path, executable ? fs::perms::owner_all : fs::perms::owner_read);
    return path;
  }
  /// The message; empty when it started.
  std::string refusal(const std::vector<std::string>& argv, const std::string& folder = {}) {
    return loop_.call([&]() -> std::string {
      const auto made = ChildProcess::start(loop_.executor(), argv, folder);
      if (made) {
        return "";
      }
      EXPECT_EQ(made.error().reason, Reason::process);
      EXPECT_EQ(made.error().code, "process.start");
      EXPECT_NE(made.error().remedy, "");
      return made.error().message;
    });
  }

  std::string root_;
};

TEST_F(ChildProcessStartTest, SaysWhyAProgramCannotBeStarted) {
  EXPECT_EQ(refusal({"/usr/bin/sshx", "-s"}),
            "/usr/bin/sshx cannot be started: No such file or directory");
  EXPECT_EQ(refusal({"/etc/passwd/sh"}), "/etc/passwd/sh cannot be started: Not a directory");
  const std::string plain = file("plain", "#!/bin/sh\n", false);
  EXPECT_EQ(refusal({plain}), plain + " cannot be started: Permission denied");
  EXPECT_EQ(refusal({root_}), root_ + " cannot be started: Permission denied");
  const std::string garbage = file("garbage", "no program", true);
  EXPECT_EQ(refusal({garbage}), garbage + " cannot be started: Exec format error");
  const std::string orphan = file("orphan", "#!/no/such/shell\n", true);
  EXPECT_EQ(refusal({orphan}), orphan + " cannot be started: No such file or directory");
  EXPECT_EQ(refusal({"cat"}), "\"cat\" cannot be started: it is not an absolute path");
  EXPECT_EQ(refusal({"./cat"}), "\"./cat\" cannot be started: it is not an absolute path");
  EXPECT_EQ(refusal({""}), "\"\" cannot be started: it is not an absolute path");
  EXPECT_EQ(refusal({}), "\"\" cannot be started: it is not an absolute path");
  EXPECT_EQ(refusal({"/bin/echo", std::string("a\0b", 3)}),
            "/bin/echo cannot be started: an argument holds a NUL");
}

TEST_F(ChildProcessStartTest, StartsInItsFolder) {
  const std::string folder = fs::canonical(root_).string();
  start({"/bin/pwd"}, folder);
  EXPECT_EQ(read_all(), folder + "\n");
  drop();
  start({"/bin/pwd"});
  EXPECT_EQ(read_all(), fs::current_path().string() + "\n");
  drop();
  EXPECT_EQ(refusal({"/bin/pwd"}, root_ + "/gone"),
            "/bin/pwd cannot be started: its folder " + root_ +
                "/gone, that of the configuration, cannot be entered: No such file or directory");
  EXPECT_EQ(refusal({"/no/such/program"}, root_),
            "/no/such/program cannot be started: No such file or directory");
}

TEST_F(ChildProcessStartTest, NoShellReadsTheArguments) {
  start({"/bin/echo", "$HOME; * 'x'", "", "y"});
  EXPECT_EQ(read_all(), "$HOME; * 'x'  y\n");
}

TEST_F(ChildProcessStartTest, AScriptIsAProgram) {
  start({file("script", "#!/bin/sh\necho \"$0 $1\"\n", true), "word"});
  EXPECT_EQ(read_all(), root_ + "/script word\n");
}

TEST_F(ChildProcessStartTest, LeadsAGroupOfItsOwn) {
  start({"/usr/bin/cut", "-d ", "-f5", "/proc/self/stat"});
  EXPECT_EQ(read_all(), std::to_string(pid_) + "\n");
}

TEST_F(ChildProcessStartTest, InheritsThreeDescriptorsAndNoMore) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // as a careless library would
  ASSERT_GT(leaky, 2);
  start(shell("ls /proc/$$/fd"));
  EXPECT_EQ(read_all(), "0\n1\n2\n");
  ::close(leaky);
}

TEST_F(ChildProcessStartTest, SignalsAreAsInAFreshShell) {
  struct sigaction before{};
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignored, &before);
  loop_.call([] {
    sigset_t blocked;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);  // the loop's thread ends with the test
  });
  start({"/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"});
  const std::string masks = read_all();
  // glibc keeps 32 and 33 for itself and ignores them until the program has threads.
  EXPECT_THAT(masks, testing::MatchesRegex("SigBlk:\t0{16}\nSigIgn:\t0{7}[01][08]0{7}\n"));
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_F(ChildProcessStartTest, TheEndIsKnownThoughSigchldWasIgnored) {
  struct sigaction before{};
  struct sigaction ignored{};
  ignored.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignored, &before);
  start(shell("exit 3"));
  EXPECT_EQ(ended(), "exit status 3");
  ::sigaction(SIGCHLD, &before, nullptr);
}

TEST_F(ChildProcessStartTest, WorksInAProcessWithoutStandardStreams) {
  start({"/bin/true"});  // so that Asio's own descriptors lie elsewhere
  EXPECT_EQ(ended(), "exit status 0");
  const int in = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
  const int err = ::fcntl(2, F_DUPFD_CLOEXEC, 10);
  ::close(0);
  ::close(2);
  start(shell("cat; echo end >&2"));
  EXPECT_TRUE(write("through\n"));
  EXPECT_EQ(read_line(), "through\n");
  EXPECT_EQ(end({std::chrono::seconds(20), {}}), "exit status 0");
  EXPECT_EQ(tail(), "end");
  drop();
  ::dup2(in, 0);
  ::dup2(err, 2);
  ::close(in);
  ::close(err);
}

TEST(Spawn, RunningOutOfDescriptorsLeavesNothingBehind) {
  const std::size_t before = open_descriptors();
  rlimit usual{};
  ::getrlimit(RLIMIT_NOFILE, &usual);
  int refused = 0;
  for (bool started = false; !started && refused < 100;) {
    // UBSan opens a pipe to check a call that it does not remember: now it remembers them all.
    EXPECT_FALSE(spawn({"/no/such/program"}));
    const int next = ::dup(0);
    ::close(next);
    rlimit tight = usual;
    tight.rlim_cur = static_cast<rlim_t>(next + refused);
    ::setrlimit(RLIMIT_NOFILE, &tight);
    const auto made = spawn({"/bin/cat"});
    ::setrlimit(RLIMIT_NOFILE, &usual);
    started = made.has_value();
    if (started) {
      ::kill(made->pid, SIGKILL);
      ::waitpid(made->pid, nullptr, 0);
    } else {
      EXPECT_EQ(made.error().message, "/bin/cat cannot be started: Too many open files");
      ++refused;
      EXPECT_EQ(open_descriptors(), before);
    }
    siginfo_t info{};
    EXPECT_NE(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), 0) << "no child is left";
  }
  EXPECT_GE(refused, 7) << "at each of six ends of pipes and at the pidfd";
}

TEST_F(ChildProcessStartTest, LeaksNoDescriptor) {
  start({"/bin/true"});
  EXPECT_EQ(ended(), "exit status 0");
  drop();
  const std::size_t before = loop_.call(open_descriptors);
  for (int i = 0; i < 100; ++i) {
    start({"/bin/cat"});
    if (i % 2 == 0) {
      EXPECT_EQ(end({std::chrono::seconds(20), {}}), "exit status 0");
    }
    drop();
    EXPECT_NE(refusal({"/no/such/program"}), "");
  }
  EXPECT_TRUE(net::eventually([&] { return loop_.call(open_descriptors) == before; }));
}

}  // namespace
}  // namespace sfb::os
