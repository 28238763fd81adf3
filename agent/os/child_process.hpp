// A supervised child process: its three standard streams, its end, and the certainty that nothing
// of it stays behind.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sfb::os {

/// How a process ended: by itself with a status, or by a signal.
struct ProcessExit {
  int status = 0;  ///< of exit(); meaningless when killed
  int signal = 0;  ///< 0: it was not killed
  /// `exit status 3`, `killed by SIGKILL`.
  std::string text() const;
};

/// How long `end` waits after each step.
struct EndPatience {
  std::chrono::milliseconds eof{2'000};   ///< after its stdin was closed
  std::chrono::milliseconds term{2'000};  ///< after SIGTERM
};

/// A program started directly, never through a shell, as the leader of a process group of its own,
/// with no descriptor but its three, default signal handlers and no signal blocked. Not
/// Boost.Process: version 1.81 forks without closing other descriptors and reaps through a SIGCHLD
/// handler for the whole process; posix_spawn and a pidfd do neither. When it ends, whatever else
/// is in its group is killed, and it is reaped at once: there is never a zombie, also when nobody
/// awaits anything. Waits outlive the object: a `read` or `write` then fails, `exited` tells the
/// end. A `read` or `write` that was cancelled gives Reason::timeout, `process.cancelled`. Thread
/// rule: loop thread; destroyed before its io_context, or with it by a coroutine that owns it (then
/// the process is killed and reaped there and then); one `write`, one `read` at a time, both may
/// wait at once.
class ChildProcess {
 public:
  /// `argv`: an absolute path and its arguments; `folder`: where it starts, empty for the agent's
  /// own; the environment is the agent's own. Errors: Reason::process, code `process.start`: it
  /// cannot be started (missing, not executable, too many processes, no such folder), naming the
  /// program and the system's reason. Blocks until the program is loaded.
  static Result<std::unique_ptr<ChildProcess>> start(boost::asio::any_io_executor executor,
                                                     const std::vector<std::string>& argv,
                                                     const std::string& folder = {});
  /// Kills the whole group if it still runs (SIGKILL); the end is awaited in the background.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Writes all of it to stdin. Errors: Reason::process `process.stdin` (it reads no more: it
  /// ended, or closed its stdin), Reason::timeout `process.stdin_full` (deadline: it does not
  /// read). After an error nothing more can be written. Cancellable.
  boost::asio::awaitable<Status> write(std::string bytes, MonoTime deadline);
  /// The next bytes of stdout, at most 64 KiB; empty at its end. What is there already is read
  /// whatever the deadline. After the process ended, what it wrote is still there; then comes the
  /// end, unless a process outside the group holds stdout open. Errors: Reason::timeout
  /// `process.silent` (deadline; nothing is lost, it may be read again), Reason::process
  /// `process.stdout`. Cancellable without loss.
  boost::asio::awaitable<Result<std::string>> read(MonoTime deadline);
  /// How it ended, when that is so by `deadline`. Cancellable.
  boost::asio::awaitable<std::optional<ProcessExit>> exited(MonoTime deadline);
  /// It has ended and is reaped.
  std::optional<ProcessExit> exit() const;

  /// The last lines it wrote to stderr, at most kStderrLines and kStderrBytes of them, without the
  /// last line end; untrusted. It is read all the time, so that the child never blocks in it.
  /// After the process ended, all of it is there once `exited` returned.
  const std::string& stderr_tail() const;

  /// Ends it: closes stdin, waits, SIGTERM to the group, waits, SIGKILL to the group, and returns
  /// when it is reaped: how it ended. Its stdout is read and thrown away meanwhile (who blocks in a
  /// write cannot see the end of its stdin). Ends by `deadline`, which shortens the patience
  /// (each step gets its share); if it has not ended then, it was killed, is reaped in the
  /// background, and nothing is returned. Cancelled, it stops where it is. Precondition: no read or
  /// write under way.
  boost::asio::awaitable<std::optional<ProcessExit>> end(EndPatience patience, MonoTime deadline);

  /// For messages.
  int pid() const;

  static constexpr std::size_t kStderrLines = 10;
  static constexpr std::size_t kStderrBytes = 4096;

 private:
  struct State;
  explicit ChildProcess(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace sfb::os
