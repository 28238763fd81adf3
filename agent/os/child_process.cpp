#include "agent/os/child_process.hpp"

#include "agent/net/await.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/wake.hpp"
#include "agent/os/line_tail.hpp"
#include "agent/os/own_children.hpp"
#include "agent/os/spawn.hpp"

#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace sfb::os {

namespace {

namespace asio = boost::asio;
using Stream = asio::posix::stream_descriptor;
using Seconds = std::chrono::duration<double>;

using net::kAwait;
constexpr std::size_t kPiece = 64UL << 10U;
// Between looks at whether a killed process has gone. The kernel takes its time, and a dead mount
// can keep one for ever.
constexpr std::chrono::milliseconds kFirstLook{5};
constexpr std::chrono::milliseconds kLastLook{1000};
// How long the end of the loop waits for it, when nobody can look any more.
constexpr int kReapMs = 1000;
constexpr int kReapStepMs = 5;

bool is_passing(int error) {
  return error == EAGAIN || error == EINTR;
}

void close(Stream& stream) {
  boost::system::error_code ignored;
  stream.close(ignored);
}

bool adopt(Stream& stream, Descriptor& fd) {
  boost::system::error_code error;
  stream.assign(fd.get(), error);
  if (!error) {
    static_cast<void>(fd.release());
  }
  return !error;
}

asio::awaitable<boost::system::error_code> wait_on(Stream& stream, Stream::wait_type what) {
  const auto [error] = co_await stream.async_wait(what, kAwait);
  co_return error;
}

}  // namespace

std::string ProcessExit::text() const {
  if (signal == 0) {
    return fmt::format("exit status {}", status);
  }
  const char* const name = ::sigabbrev_np(signal);
  return name == nullptr ? fmt::format("killed by signal {}", signal)
                         : fmt::format("killed by SIG{}", name);
}

// Held by the object and by every coroutine. Coroutines are static and take it by value, because
// the object may be gone when they first run.
struct ChildProcess::State {
  using Self = std::shared_ptr<State>;

  State(const asio::any_io_executor& loop, std::string path, pid_t number)
      : executor(loop),
        program(std::move(path)),
        pid(number),
        pidfd(loop),
        in(loop),
        out(loop),
        err(loop) {}
  ~State() { end_without_loop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void signal_group(int signal) const;
  std::optional<ProcessExit> reap();
  void end_without_loop();
  bool take_stderr();
  void take_last_stderr();
  std::string name() const { return fmt::format("{} (process {})", program, pid); }
  std::unexpected<Error> stdin_failed(std::string_view why) const;
  std::unexpected<Error> cancelled() const;

  static asio::awaitable<void> supervise(Self self);
  static asio::awaitable<void> drain_stderr(Self self);
  static asio::awaitable<void> discard_stdout(Self self);
  static asio::awaitable<Status> write(Self self, std::string bytes, MonoTime deadline);
  static asio::awaitable<Result<std::string>> read(Self self, MonoTime deadline);
  static asio::awaitable<std::optional<ProcessExit>> exited(Self self, MonoTime deadline);
  static asio::awaitable<std::optional<ProcessExit>> end(Self self, EndPatience patience,
                                                         MonoTime deadline);

  const asio::any_io_executor executor;
  const std::string program;
  const pid_t pid;
  Stream pidfd;
  Stream in;
  Stream out;
  Stream err;
  net::Wake ended;  // `exit` is set
  std::optional<ProcessExit> exit;
  bool reaped = false;
  bool stdin_broken = false;
  LineTail tail{kStderrLines, kStderrBytes};
  std::array<char, kPiece> piece;  // no content outlives one call
};

// Only before it is reaped: a zombie keeps its number and its group's from being used again.
void ChildProcess::State::signal_group(int signal) const {
  if (reaped) {
    return;
  }
  ::kill(-pid, signal);
  if (::getpgid(pid) != pid) {
    ::kill(pid, signal);  // it went to another group
  }
}

// How it ended, if it has and nobody knew. Never waits.
std::optional<ProcessExit> ChildProcess::State::reap() {
  siginfo_t info{};
  if (reaped || !reap_own_child(pid, info)) {
    return std::nullopt;
  }
  reaped = true;
  return info.si_code == CLD_EXITED ? ProcessExit{.status = info.si_status, .signal = 0}
                                    : ProcessExit{.status = 0, .signal = info.si_status};
}

// While the loop lives, `supervise` ends only behind the process. With the loop gone nobody else
// would reap it; one that does not go is left to the system.
void ChildProcess::State::end_without_loop() {
  signal_group(SIGKILL);
  for (int waited = 0; !reaped && !reap() && waited < kReapMs; waited += kReapStepMs) {
    ::poll(nullptr, 0, kReapStepMs);
  }
}

// One piece; false when there is none now or will never be.
bool ChildProcess::State::take_stderr() {
  const ssize_t size = ::read(err.native_handle(), piece.data(), piece.size());
  if (size > 0) {
    tail.add({piece.data(), static_cast<std::size_t>(size)});
  } else if (size == 0 || !is_passing(errno)) {
    close(err);
  }
  return size > 0;
}

// What a dead process wrote lies in the pipe, as much as that holds; a process outside the group
// may go on writing.
void ChildProcess::State::take_last_stderr() {
  const auto held =
      static_cast<std::size_t>(std::max(0, ::fcntl(err.native_handle(), F_GETPIPE_SZ)));
  for (std::size_t pieces = 0; pieces <= held / kPiece && err.is_open() && take_stderr();
       ++pieces) {
  }
}

std::unexpected<Error> ChildProcess::State::stdin_failed(std::string_view why) const {
  return fail(Reason::process, "process.stdin",
              fmt::format("{} takes no more input: {}", name(), why),
              "see how it ended and what it wrote to stderr");
}

std::unexpected<Error> ChildProcess::State::cancelled() const {
  return fail(Reason::timeout, "process.cancelled",
              fmt::format("{}: the wait was cut off", name()));
}

asio::awaitable<void> ChildProcess::State::supervise(Self self) {
  // Should the wait itself fail, an unsupervised process must not stay: it is killed then.
  co_await wait_on(self->pidfd, Stream::wait_read);
  self->signal_group(SIGKILL);
  close(self->in);  // a process outside the group may hold the other end
  asio::steady_timer look(self->executor);
  auto end = self->reap();
  for (auto pause = kFirstLook; !end; pause = std::min(2 * pause, kLastLook)) {
    look.expires_after(pause);
    co_await look.async_wait(kAwait);
    end = self->reap();
  }
  self->take_last_stderr();
  self->exit = end;
  close(self->pidfd);
  self->ended.notify_all();
}

asio::awaitable<void> ChildProcess::State::drain_stderr(Self self) {
  while (self->err.is_open()) {
    if (co_await wait_on(self->err, Stream::wait_read)) {
      break;
    }
    self->take_stderr();
  }
}

asio::awaitable<void> ChildProcess::State::discard_stdout(Self self) {
  while (self->out.is_open()) {
    if (co_await wait_on(self->out, Stream::wait_read)) {
      break;
    }
    const ssize_t size = ::read(self->out.native_handle(), self->piece.data(), self->piece.size());
    if (size == 0 || (size < 0 && !is_passing(errno))) {
      break;
    }
  }
}

asio::awaitable<Status> ChildProcess::State::write(Self self, std::string bytes,
                                                   MonoTime deadline) {
  if (self->stdin_broken) {
    co_return self->stdin_failed("an earlier write failed");
  }
  self->stdin_broken = true;  // unless all of it gets there
  std::string_view rest = bytes;
  while (self->in.is_open()) {
    const ssize_t size = write_without_signal(self->in.native_handle(), rest.substr(0, kPiece));
    if (size < 0 && !is_passing(errno)) {
      co_return self->stdin_failed(std::generic_category().message(errno));
    }
    rest.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    if (rest.empty()) {
      self->stdin_broken = false;
      co_return Status{};
    }
    // Also after a piece went: a fast reader must not hold up the loop.
    const auto waited =
        co_await net::with_deadline(wait_on(self->in, Stream::wait_write), deadline);
    if ((co_await asio::this_coro::cancellation_state).cancelled() !=
        asio::cancellation_type::none) {
      co_return self->cancelled();
    }
    if (!waited) {
      co_return fail(
          Reason::timeout, "process.stdin_full",
          fmt::format("{} did not read its stdin: {} of {} bytes were left at the deadline",
                      self->name(), rest.size(), bytes.size()),
          "see why it hangs, or give it more time");
    }
    if (*waited && self->in.is_open()) {
      co_return self->stdin_failed(waited->message());
    }
  }
  co_return self->stdin_failed("it has ended, or is being ended");
}

asio::awaitable<Result<std::string>> ChildProcess::State::read(Self self, MonoTime deadline) {
  while (true) {
    // Waits even when something is there: a fast writer must not hold up the loop.
    const auto waited =
        co_await net::with_deadline(wait_on(self->out, Stream::wait_read), deadline);
    // Before anything is taken out of the pipe: nobody would get it.
    if ((co_await asio::this_coro::cancellation_state).cancelled() !=
        asio::cancellation_type::none) {
      co_return self->cancelled();
    }
    const ssize_t size = ::read(self->out.native_handle(), self->piece.data(), self->piece.size());
    const int error = waited && *waited ? waited->value() : errno;
    if (size >= 0) {
      co_return std::string(self->piece.data(), static_cast<std::size_t>(size));
    }
    if (!is_passing(error)) {
      co_return fail(Reason::process, "process.stdout",
                     self->out.is_open()
                         ? fmt::format("{}: its output cannot be read: {}", self->name(),
                                       std::generic_category().message(error))
                         : fmt::format("{}: its output is no longer read", self->name()));
    }
    if (!waited) {
      co_return fail(Reason::timeout, "process.silent",
                     fmt::format("{} wrote nothing until the deadline", self->name()),
                     "see why it hangs, or give it more time");
    }
  }
}

asio::awaitable<std::optional<ProcessExit>> ChildProcess::State::exited(Self self,
                                                                        MonoTime deadline) {
  if (!self->exit) {
    co_await self->ended.wait_until(deadline);
  }
  co_return self->exit;
}

asio::awaitable<std::optional<ProcessExit>> ChildProcess::State::end(Self self,
                                                                     EndPatience patience,
                                                                     MonoTime deadline) {
  const MonoTime now = net::mono_now();
  // Short of time, both steps get less, and a tenth is left for SIGKILL to be seen to work.
  const Seconds room = Seconds(deadline.time_since_epoch()) - now.time_since_epoch();
  const Seconds wanted = patience.eof + patience.term;
  const double share = wanted.count() > 0 ? std::clamp(0.9 * (room / wanted), 0.0, 1.0) : 0.0;
  const auto part = [&](Seconds time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time * share);
  };
  close(self->in);
  if (!self->exit) {
    asio::co_spawn(self->executor, discard_stdout(self), asio::detached);
  }
  if (co_await exited(self, now + part(patience.eof))) {
    co_return self->exit;
  }
  self->signal_group(SIGTERM);
  if (co_await exited(self, now + part(wanted))) {
    co_return self->exit;
  }
  self->signal_group(SIGKILL);
  co_return co_await exited(self, deadline);
}

ChildProcess::ChildProcess(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(asio::any_io_executor executor,
                                                          const std::vector<std::string>& argv,
                                                          const std::string& folder) {
  auto spawned = spawn(argv, folder);
  if (!spawned) {
    return std::unexpected(std::move(spawned.error()));
  }
  const auto state = std::make_shared<State>(executor, argv.front(), spawned->pid);
  const bool adopted = adopt(state->pidfd, spawned->pidfd) && adopt(state->in, spawned->in) &&
                       adopt(state->out, spawned->out) && adopt(state->err, spawned->err);
  asio::co_spawn(executor, State::supervise(state), asio::detached);
  if (!adopted) {
    state->signal_group(SIGKILL);
    return fail(
        Reason::process, "process.start",
        fmt::format("{} cannot be supervised: epoll takes no more descriptors", argv.front()),
        "raise fs.epoll.max_user_watches");
  }
  asio::co_spawn(executor, State::drain_stderr(state), asio::detached);
  return std::unique_ptr<ChildProcess>(new ChildProcess(state));
}

ChildProcess::~ChildProcess() {
  state_->signal_group(SIGKILL);
  close(state_->in);
  close(state_->out);
  close(state_->err);
}

asio::awaitable<Status> ChildProcess::write(std::string bytes, MonoTime deadline) {
  return State::write(state_, std::move(bytes), deadline);
}

asio::awaitable<Result<std::string>> ChildProcess::read(MonoTime deadline) {
  return State::read(state_, deadline);
}

asio::awaitable<std::optional<ProcessExit>> ChildProcess::exited(MonoTime deadline) {
  return State::exited(state_, deadline);
}

std::optional<ProcessExit> ChildProcess::exit() const {
  return state_->exit;
}

const std::string& ChildProcess::stderr_tail() const {
  return state_->tail.text();
}

asio::awaitable<std::optional<ProcessExit>> ChildProcess::end(EndPatience patience,
                                                              MonoTime deadline) {
  return State::end(state_, patience, deadline);
}

int ChildProcess::pid() const {
  return state_->pid;
}

}  // namespace sfb::os
