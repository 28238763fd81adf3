#include "agent/os/spawn.hpp"

#include "agent/os/own_children.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <system_error>
#include <utility>

namespace sfb::os {

namespace {

struct Pipe {
  Descriptor read;
  Descriptor write;
};

class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class Attributes {
 public:
  Attributes() { ::posix_spawnattr_init(&attributes_); }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

std::string remedy_for(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return "install it (or, for a script, the program its first line names), or correct the "
             "endpoint's program";
    case EACCES:
    case EPERM:
      return "name an executable file (mode x, on a file system without noexec), or correct the "
             "endpoint's program";
    case ENOEXEC:
      return "name a program of this machine's kind; a script needs a first line with #!";
    case EAGAIN:
    case ENOMEM:
      return "raise the limit of processes (TasksMax, ulimit -u) or free memory";
    case EMFILE:
    case ENFILE:
      return "raise the limit of open files";
    case E2BIG:
      return "shorten the endpoint's arguments";
    default:
      return "correct the endpoint's program";
  }
}

std::unexpected<Error> cannot_start(const std::string& program, int error) {
  return fail(
      Reason::process, "process.start",
      fmt::format("{} cannot be started: {}", program, std::generic_category().message(error)),
      remedy_for(error));
}

// posix_spawn does not tell which step failed.
bool is_entered(const std::string& folder) {
  struct stat info{};
  return folder.empty() || (::stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
                            ::access(folder.c_str(), X_OK) == 0);
}

std::unexpected<Error> cannot_enter(const std::string& program, const std::string& folder,
                                    int error) {
  return fail(
      Reason::process, "process.start",
      fmt::format("{} cannot be started: its folder {}, that of the configuration, cannot be "
                  "entered: {}",
                  program, folder, std::generic_category().message(error)),
      "let the agent's account enter the folder, or load the configuration from another");
}

Status check(const std::vector<std::string>& argv) {
  if (argv.empty() || !argv.front().starts_with('/')) {
    return fail(Reason::process, "process.start",
                fmt::format("\"{}\" cannot be started: it is not an absolute path",
                            argv.empty() ? std::string() : argv.front()),
                "write the endpoint's program with its whole path");
  }
  if (std::ranges::any_of(argv, [](const auto& word) { return word.contains('\0'); })) {
    return fail(Reason::process, "process.start",
                fmt::format("{} cannot be started: an argument holds a NUL", argv.front().c_str()),
                "correct the endpoint's arguments");
  }
  return {};
}

// The actions below put the pipes on 0, 1 and 2 one after the other: none may lie there already, as
// they would when this process was started without its own three.
bool lift(Descriptor& fd) {
  if (fd.get() > STDERR_FILENO) {
    return true;
  }
  fd.reset(::fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return fd.get() >= 0;
}

bool make(Pipe& pipe) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return false;
  }
  pipe.read.reset(ends[0]);
  pipe.write.reset(ends[1]);
  return lift(pipe.read) && lift(pipe.write);
}

// Only this end: the child's is another open file.
bool make_nonblocking(const Descriptor& fd) {
  return ::fcntl(fd.get(), F_SETFL, O_NONBLOCK) == 0;
}

// Some supervisors hand SIGCHLD down ignored. Then the kernel reaps children by itself, how they
// ended is lost, and a group may be killed whose number is somebody else's by then.
void keep_children() {
  struct sigaction now{};
  if (::sigaction(SIGCHLD, nullptr, &now) == 0 &&
      (now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT) != 0)) {
    struct sigaction fresh{};
    fresh.sa_handler = SIG_DFL;
    ::sigaction(SIGCHLD, &fresh, nullptr);
  }
}

// The first error of those that the calls gave, 0 if none.
int first_error(std::initializer_list<int> errors) {
  const auto* const found = std::ranges::find_if(errors, [](int error) { return error != 0; });
  return found == errors.end() ? 0 : *found;
}

int launch(const std::vector<std::string>& argv, const std::string& folder, int in, int out,
           int err, pid_t& pid) {
  Actions actions;
  Attributes attributes;
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  constexpr auto kFlags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  if (const int error = first_error({
          ::posix_spawn_file_actions_adddup2(actions.get(), in, STDIN_FILENO),
          ::posix_spawn_file_actions_adddup2(actions.get(), out, STDOUT_FILENO),
          ::posix_spawn_file_actions_adddup2(actions.get(), err, STDERR_FILENO),
          // Whatever a library opened without O_CLOEXEC.
          ::posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1),
          folder.empty() ? 0
                         : ::posix_spawn_file_actions_addchdir_np(actions.get(), folder.c_str()),
          ::posix_spawnattr_setflags(attributes.get(), static_cast<short>(kFlags)),
          ::posix_spawnattr_setpgroup(attributes.get(), 0),
          ::posix_spawnattr_setsigdefault(attributes.get(), &all),
          ::posix_spawnattr_setsigmask(attributes.get(), &none),
      })) {
    return error;
  }
  std::vector<char*> words;
  words.reserve(argv.size() + 1);
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));  // posix_spawn's type is older than const
  }
  words.push_back(nullptr);
  return start_own_child(
      [&](pid_t& number) {
        return ::posix_spawn(&number, words.front(), actions.get(), attributes.get(), words.data(),
                             environ);
      },
      pid);
}

}  // namespace

Result<Spawned> spawn(const std::vector<std::string>& argv, const std::string& folder) {
  if (Status good = check(argv); !good) {
    return std::unexpected(std::move(good.error()));
  }
  Pipe in;
  Pipe out;
  Pipe err;
  if (!make(in) || !make(out) || !make(err) || !make_nonblocking(in.write) ||
      !make_nonblocking(out.read) || !make_nonblocking(err.read)) {
    return cannot_start(argv.front(), errno);
  }
  keep_children();
  Spawned child;
  if (const int error =
          launch(argv, folder, in.read.get(), out.write.get(), err.write.get(), child.pid)) {
    return is_entered(folder) ? cannot_start(argv.front(), error)
                              : cannot_enter(argv.front(), folder, error);
  }
  // Not pidfd_open(): glibc 2.36 declares it for C alone.
  child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (child.pidfd.get() < 0) {
    const int error = errno;
    ::kill(-child.pid, SIGKILL);
    // It has hardly begun: this takes no time.
    constexpr int kMostTries = 1000;
    siginfo_t info{};
    for (int i = 0; i < kMostTries && !reap_own_child(child.pid, info); ++i) {
      ::poll(nullptr, 0, 1);
    }
    return cannot_start(argv.front(), error);
  }
  child.in = std::move(in.write);
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  return child;
}

// SIGPIPE goes to the thread that writes, so it can be kept from this thread alone and taken back;
// how the whole program takes it is not for a library to say. (A socket would need none of this,
// but a child expects a pipe: it cannot open /dev/stdin when that is a socket.)
ssize_t write_without_signal(int fd, std::string_view bytes) {
  sigset_t pipe_signal;
  sigset_t pending;
  sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::sigpending(&pending);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t size = ::write(fd, bytes.data(), bytes.size());
  const int error = errno;
  if (size < 0 && error == EPIPE && ::sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once{};
    ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return size;
}

}  // namespace sfb::os
