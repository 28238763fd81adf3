#include "agent/os/own_children.hpp"

#include <unistd.h>

#include <mutex>
#include <set>

namespace sfb::os {

namespace {

// Held while a child is started or reaped: a number is ours from before anybody can see it until
// after it is free for others.
struct Own {
  std::mutex mutex;
  std::set<pid_t> numbers;
};

Own& own() {
  static Own made;
  return made;
}

}  // namespace

int start_own_child(const std::function<int(pid_t&)>& start, pid_t& pid) {
  const std::scoped_lock lock(own().mutex);
  const int error = start(pid);
  if (error == 0) {
    own().numbers.insert(pid);
  }
  return error;
}

bool reap_own_child(pid_t pid, siginfo_t& info) {
  const std::scoped_lock lock(own().mutex);
  if (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) {
    return false;
  }
  own().numbers.erase(pid);
  return true;
}

std::size_t reap_orphans() {
  const std::scoped_lock lock(own().mutex);
  for (std::size_t reaped = 0;; ++reaped) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0 ||
        own().numbers.contains(info.si_pid) ||
        ::waitid(P_PID, static_cast<id_t>(info.si_pid), nullptr, WEXITED | WNOHANG) != 0) {
      return reaped;
    }
  }
}

OrphanWatch::OrphanWatch(const boost::asio::any_io_executor& loop, std::chrono::milliseconds period)
    : timer_(loop), period_(period) {
  if (::getpid() == 1) {
    wait();
  }
}

void OrphanWatch::wait() {
  timer_.expires_after(period_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      reap_orphans();
      wait();
    }
  });
}

}  // namespace sfb::os
