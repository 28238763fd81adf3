#include "agent/app/process.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/net/worker_pool.hpp"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace sfb::app {

namespace {

// Memory that is freed goes back to the arena it came from, and a thread takes from its own. With
// an arena for each thread the agent takes a fifth more: the thread that reads the configuration
// leaves much behind. On 2 cores, two arenas are as fast as many, and one is slower.
constexpr int kArenas = 2;

// As it was inherited; of no use once the command is known.
sigset_t inherited{};

sigset_t hangup() {
  sigset_t set{};
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

bool prepare_process() {
  const sigset_t set = hangup();
  ::pthread_sigmask(SIG_BLOCK, &set, &inherited);
  ::prctl(PR_SET_DUMPABLE, 0);
#ifdef M_ARENA_MAX
  if (std::getenv("MALLOC_ARENA_MAX") == nullptr) {  // the operator's word counts
    ::mallopt(M_ARENA_MAX, kArenas);
  }
#endif
  return open_missing_streams();
}

void restore_signals() {
  ::pthread_sigmask(SIG_SETMASK, &inherited, nullptr);
}

void settle_signals() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Alone: with SIGTERM blocked, as some supervisors leave it, nobody could end the agent.
  const sigset_t set = hangup();
  ::pthread_sigmask(SIG_SETMASK, &set, nullptr);
}

const Clock& process_clock() {
  static const SystemClock kClock;
  return kClock;
}

int leave(int exit_code) {
  if (net::WorkerPool::left_behind() > 0) {
    std::fflush(stdout);
    std::_Exit(exit_code);
  }
  return exit_code;
}

std::size_t descriptor_limit() {
  constexpr std::size_t kUsual = 1024;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : kUsual;
}

}  // namespace sfb::app
