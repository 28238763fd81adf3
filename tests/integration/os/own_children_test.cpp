#include "agent/os/own_children.hpp"

#include "tests/integration/os/child_rig.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

namespace sfb::os {
namespace {

// What loses its parent becomes ours here, as it does in a process 1.
class OwnChildrenTest : public ChildTest {
 protected:
  OwnChildrenTest() { EXPECT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
  ~OwnChildrenTest() override { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }

  static bool soon(const std::function<bool()>& what) {
    const MonoTime end = far();
    while (!what() && net::mono_now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return what();
  }
};

TEST_F(OwnChildrenTest, ReapsWhatLostItsParent) {
  // It outlives its parent: dash reaps a child that has ended before the next command.
  start(
      shell("setsid sh -c 'while kill -0 $0 2>/dev/null; do sleep 0.01; done; exit 7' $$ & "
            "echo $!; exit 3"));
  const pid_t orphan = read_pid();
  EXPECT_EQ(ended(), "exit status 3");
  ASSERT_TRUE(soon([&] { return is_dead(orphan); }));
  EXPECT_FALSE(is_reaped(orphan));
  EXPECT_TRUE(soon([&] { return reap_orphans() > 0 || is_reaped(orphan); }));
  EXPECT_TRUE(is_reaped(orphan));
  EXPECT_EQ(reap_orphans(), 0U);
}

TEST_F(OwnChildrenTest, LeavesOursToTheirOwner) {
  pid_t own = 0;
  const auto fork_one = [](pid_t& pid) {
    pid = ::fork();
    if (pid == 0) {
      ::_exit(5);
    }
    return pid < 0 ? errno : 0;
  };
  ASSERT_EQ(start_own_child(fork_one, own), 0);
  ASSERT_TRUE(soon([&] { return is_dead(own); }));
  EXPECT_EQ(reap_orphans(), 0U);
  siginfo_t info{};
  ASSERT_TRUE(reap_own_child(own, info));
  EXPECT_EQ(info.si_status, 5);
  EXPECT_FALSE(reap_own_child(own, info)) << "once is enough";
}

TEST_F(OwnChildrenTest, AChildThatCannotBeStartedIsNone) {
  pid_t pid = 0;
  EXPECT_EQ(start_own_child([](pid_t&) { return ENOENT; }, pid), ENOENT);
}

}  // namespace
}  // namespace sfb::os
