#include "agent/os/file_watch.hpp"

#include "agent/base/descriptor.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sfb::os {

namespace {

namespace asio = boost::asio;

constexpr std::uint32_t kMask = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                                IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kGone = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED;
// Watches whose `add` has not come back yet: never near this many, but nothing grows without bound.
constexpr std::size_t kMaxEarly = 1024;

std::unexpected<Error> add_failed(const std::string& directory, int error) {
  const std::string cause = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return fail(Reason::not_found, "watch.not_found",
                  fmt::format("{}: cannot be watched: {}", directory, cause), "create the folder");
    case EACCES:
      return fail(Reason::forbidden, "watch.denied",
                  fmt::format("{}: cannot be watched: {}", directory, cause),
                  "let the agent's account read the folder");
    case ENOSPC:
      return fail(Reason::process, "watch.limit",
                  fmt::format("{}: cannot be watched: no inotify watch is left", directory),
                  "raise fs.inotify.max_user_watches");
    default:
      return fail(Reason::process, "watch.failed",
                  fmt::format("{}: cannot be watched: {}", directory, cause));
  }
}

}  // namespace

struct FileWatch::Adder::State : std::enable_shared_from_this<State> {
  State(int fd, asio::any_io_executor loop, Callback on_event)
      : inotify(fd), executor(std::move(loop)), callback(std::move(on_event)) {}

  // Shared with workers that sit in inotify_add_watch: the number cannot be reused meanwhile.
  const Descriptor inotify;
  const asio::any_io_executor executor;

  // Loop thread only.
  Callback callback;
  std::optional<asio::posix::stream_descriptor> reader;
  alignas(inotify_event) std::array<char, 16UL << 10U> buffer{};

  // Under the mutex, which is never held during a system call on a path or a callback.
  mutable std::mutex mutex;
  bool closed = false;
  std::map<std::string, int> watches;  // folder -> watch descriptor; two spellings may share one
  std::set<int> early;                 // events came for these before `add` knew the number

  void wait();
  void read_events();
  void handle(int wd, std::uint32_t mask, std::string_view name);
  void tell(FileEvent::Kind kind, const std::vector<std::string>& directories,
            std::string_view name);
  std::vector<std::string> directories_of(int wd) const;
  void drop_unused(int wd);
  Status add(const std::string& directory);
};

// Called with the mutex held.
std::vector<std::string> FileWatch::Adder::State::directories_of(int wd) const {
  std::vector<std::string> out;
  for (const auto& [directory, number] : watches) {
    if (number == wd) {
      out.push_back(directory);
    }
  }
  return out;
}

// Called with the mutex held. Works on a number, not a path, so it cannot block on a mount.
void FileWatch::Adder::State::drop_unused(int wd) {
  if (directories_of(wd).empty()) {
    ::inotify_rm_watch(inotify.get(), wd);
  }
}

void FileWatch::Adder::State::wait() {
  reader->async_wait(asio::posix::stream_descriptor::wait_read,
                     [weak = weak_from_this()](const boost::system::error_code& error) {
                       const auto self = weak.lock();
                       if (self == nullptr || error || !self->reader) {
                         return;
                       }
                       self->read_events();
                       if (self->reader) {
                         self->wait();
                       }
                     });
}

// One buffer a turn: a flood of events must not hold up the loop.
void FileWatch::Adder::State::read_events() {
  const ssize_t size = ::read(inotify.get(), buffer.data(), buffer.size());
  std::size_t pos = 0;
  while (size > 0 && pos + sizeof(inotify_event) <= static_cast<std::size_t>(size) && reader) {
    inotify_event event;
    std::memcpy(&event, buffer.data() + pos, sizeof(event));
    pos += sizeof(event);
    // The kernel pads the name with NULs.
    const std::string name(buffer.data() + pos, ::strnlen(buffer.data() + pos, event.len));
    pos += event.len;
    handle(event.wd, event.mask, name);
  }
}

void FileWatch::Adder::State::handle(int wd, std::uint32_t mask, std::string_view name) {
  std::vector<std::string> directories;
  FileEvent::Kind kind = FileEvent::Kind::changed;
  {
    const std::lock_guard lock(mutex);
    if ((mask & IN_Q_OVERFLOW) != 0) {
      kind = FileEvent::Kind::overflow;
      for (const auto& [directory, number] : watches) {
        directories.push_back(directory);
      }
    } else {
      directories = directories_of(wd);
      if (directories.empty()) {
        if ((mask & IN_IGNORED) != 0) {
          early.erase(wd);
        } else if (early.size() < kMaxEarly) {
          early.insert(wd);
        }
      }
      if ((mask & kGone) != 0) {
        kind = FileEvent::Kind::gone;
        for (const std::string& directory : directories) {
          watches.erase(directory);
        }
        if ((mask & IN_MOVE_SELF) != 0) {
          ::inotify_rm_watch(inotify.get(), wd);
        }
      }
    }
  }
  tell(kind, directories, kind == FileEvent::Kind::changed ? name : std::string_view());
}

void FileWatch::Adder::State::tell(FileEvent::Kind kind,
                                   const std::vector<std::string>& directories,
                                   std::string_view name) {
  for (const std::string& directory : directories) {
    if (!reader) {
      return;  // the callback destroyed the FileWatch
    }
    callback({kind, directory, std::string(name)});
  }
}

Status FileWatch::Adder::State::add(const std::string& directory) {
  const int wd = ::inotify_add_watch(inotify.get(), directory.c_str(), kMask);
  const int error = errno;
  const std::lock_guard lock(mutex);
  const auto known = watches.find(directory);
  if (wd < 0) {
    if (known != watches.end()) {
      const int old = known->second;
      watches.erase(known);
      drop_unused(old);
    }
    return add_failed(directory, error);
  }
  if (closed) {
    return {};
  }
  if (known != watches.end() && known->second != wd) {
    const int old = known->second;
    known->second = wd;  // the path leads to another folder now
    drop_unused(old);
  } else {
    watches[directory] = wd;
  }
  if (early.erase(wd) > 0) {
    asio::post(executor, [weak = weak_from_this(), directory] {
      if (const auto self = weak.lock()) {
        self->tell(FileEvent::Kind::overflow, {directory}, {});
      }
    });
  }
  return {};
}

Status FileWatch::Adder::add(const std::string& directory) const {
  const std::shared_ptr<State> state = state_;  // this Adder may go while the call blocks
  return state->add(directory);
}

Result<std::unique_ptr<FileWatch>> FileWatch::create(asio::any_io_executor executor,
                                                     Callback callback) {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  const int error = errno;
  if (fd < 0) {
    return fail(
        Reason::process, "watch.unavailable",
        fmt::format("no inotify instance: {}", std::generic_category().message(error)),
        "raise fs.inotify.max_user_instances or the limit of open files; files are still read at "
        "each evaluation");
  }
  auto state = std::make_shared<Adder::State>(fd, executor, std::move(callback));
  // A descriptor of its own for the loop: closing it must not take the number from a worker.
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) {
    return fail(Reason::process, "watch.unavailable", "no file descriptor is left for inotify",
                "raise the limit of open files");
  }
  state->reader.emplace(std::move(executor), own);
  state->wait();
  return std::make_unique<FileWatch>(Adder(std::move(state)));
}

FileWatch::~FileWatch() {
  const auto& state = adder_.state_;
  {
    const std::lock_guard lock(state->mutex);
    state->closed = true;
    state->watches.clear();
  }
  state->reader.reset();
  // Not the callback: it may be what destroys this object.
}

void FileWatch::remove(const std::string& directory) {
  const std::lock_guard lock(adder_.state_->mutex);
  const auto known = adder_.state_->watches.find(directory);
  if (known != adder_.state_->watches.end()) {
    const int wd = known->second;
    adder_.state_->watches.erase(known);
    adder_.state_->drop_unused(wd);
  }
}

bool FileWatch::watches(const std::string& directory) const {
  const std::lock_guard lock(adder_.state_->mutex);
  return adder_.state_->watches.contains(directory);
}

}  // namespace sfb::os
