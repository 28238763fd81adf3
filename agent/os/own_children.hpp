// Which child processes were started here: process 1 of a container also gets those of others.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <sys/types.h>
#include <sys/wait.h>

#include <chrono>
#include <cstddef>
#include <functional>

namespace sfb::os {

/// Starts a child as posix_spawn does: 0, or the number of an error. Thread rule: any thread.
int start_own_child(const std::function<int(pid_t&)>& start, pid_t& pid);

/// Reaps a child of start_own_child if it has ended, and says how. Never waits. Thread rule: any
/// thread.
bool reap_own_child(pid_t pid, siginfo_t& info);

/// Reaps the children that have ended and were not started here; how many. One of ours that has
/// ended and was not reaped yet may hide others: they are found the next time. Never waits. Thread
/// rule: any thread.
std::size_t reap_orphans();

/// Does so from time to time where this is process 1, to which the kernel gives all orphans of a
/// container: else every one would keep its number for ever. Thread rule: the loop thread.
class OrphanWatch {
 public:
  explicit OrphanWatch(const boost::asio::any_io_executor& loop,
                       std::chrono::milliseconds period = std::chrono::seconds(5));

 private:
  void wait();

  boost::asio::steady_timer timer_;
  std::chrono::milliseconds period_;
};

}  // namespace sfb::os
