#include "agent/remote/winrm/password_file.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/base/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace sfb::remote {

namespace {

// A look after a change has nobody waiting for it.
constexpr std::chrono::seconds kLookTime{10};

std::unexpected<Error> unreadable(const std::string& path, const SecretKind& kind,
                                  std::string_view what, std::string remedy) {
  return std::unexpected(Error{Reason::process,
                               "secret.unreadable",
                               fmt::format("{} {} {}", kind.noun, path, what),
                               std::move(remedy),
                               {},
                               Stage::auth});
}

std::unexpected<Error> system_error(const std::string& path, const SecretKind& kind, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return unreadable(path, kind, "is not there", fmt::format("write it, or correct {}", kind.key));
  }
  return unreadable(path, kind, fmt::format("cannot be read: {}", std::strerror(error)),
                    error == EACCES || error == EPERM
                        ? fmt::format("let user id {} read it and enter its folders", ::geteuid())
                        : std::string("look at the disk or mount it lies on"));
}

// Overwrites what it holds: a password must not stay in freed memory.
class Buffer {
 public:
  explicit Buffer(std::size_t size) : bytes(size) {}
  ~Buffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::vector<char> bytes;
  std::size_t used = 0;
};

bool differs(const std::shared_ptr<const Secret>& a, const std::shared_ptr<const Secret>& b) {
  return a == nullptr || b == nullptr ? a != b : a->reveal() != b->reveal();
}

// Equal for equal passwords; it never leaves the process.
std::uint64_t number_of(const Secret& secret) {
  return std::hash<std::string_view>{}(secret.reveal());
}

std::string watched_folder(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::shared_ptr<const Secret>> read_secret(const std::string& path, const SecretKind& kind) {
  // Not blocking: somebody may have put a FIFO there.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat info{};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return system_error(path, kind, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return unreadable(path, kind, "is not a regular file",
                      fmt::format("let {} name a file", kind.key));
  }
  Buffer buffer(std::min(kind.most, static_cast<std::size_t>(info.st_size) + kMostSecret) + 1);
  while (buffer.used < buffer.bytes.size()) {
    const ssize_t got =
        ::read(file.get(), buffer.bytes.data() + buffer.used, buffer.bytes.size() - buffer.used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(path, kind, errno);
    }
    if (got == 0) {
      break;
    }
    buffer.used += static_cast<std::size_t>(got);
  }
  const std::string_view content(buffer.bytes.data(), buffer.used);
  if (!kind.line) {
    if (content.empty() || content.size() > kind.most) {
      return unreadable(path, kind, content.empty() ? "is empty" : "is too large",
                        fmt::format("write it anew, or correct {}", kind.key));
    }
    return std::make_shared<const Secret>(std::string(content));
  }
  const auto secret = secret_line(content);
  if (!secret) {
    return unreadable(path, kind, secret.error().message, secret.error().remedy);
  }
  return std::make_shared<const Secret>(std::string(*secret));
}

std::shared_ptr<PasswordFile> PasswordFile::create(boost::asio::any_io_executor executor,
                                                   std::shared_ptr<net::WorkerPool> files,
                                                   std::shared_ptr<os::SharedWatch> watch,
                                                   std::string path, Logger logger,
                                                   SecretKind kind) {
  auto made = std::make_shared<PasswordFile>(std::move(executor), std::move(files), watch,
                                             std::move(path), std::move(logger), kind);
  made->subscription_ =
      watch->subscribe(made->folder_, [weak = std::weak_ptr(made)](const os::FileEvent& event) {
        if (const auto self = weak.lock(); self && self->concerns(event)) {
          self->changed();
        }
      });
  return made;
}

PasswordFile::PasswordFile(boost::asio::any_io_executor executor,
                           std::shared_ptr<net::WorkerPool> files,
                           std::shared_ptr<os::SharedWatch> watch, std::string path, Logger logger,
                           SecretKind kind)
    : executor_(std::move(executor)),
      files_(std::move(files)),
      path_(std::move(path)),
      kind_(kind),
      folder_(watched_folder(path_)),
      watch_(std::move(watch)),
      logger_(std::move(logger)) {}

// For the job that reads: nothing when the folder is watched, or cannot be.
std::optional<os::FileWatch::Adder> PasswordFile::adder() {
  auto adder = watch_->adder(folder_);
  if (adder) {
    return std::move(*adder);
  }
  if (!std::exchange(complained_, true)) {
    logger_.warn(fmt::format("{} is not watched, only read at each connection", kind_.noun),
                 {{"path", path_}, {"error", describe(adder.error())}});
  }
  return std::nullopt;
}

boost::asio::awaitable<PasswordFile::Secrets> PasswordFile::read(MonoTime deadline) {
  const auto self = shared_from_this();
  tried_ = true;
  if (late_ && *late_ == Progress::running) {
    co_return std::unexpected(Error{Reason::timeout,
                                    "secret.hung",
                                    fmt::format("an earlier read of {} has not ended", path_),
                                    "the disk or network mount does not answer",
                                    {},
                                    Stage::auth});
  }
  late_.reset();
  const auto progress = std::make_shared<std::atomic<Progress>>(Progress::queued);
  // The job owns all it uses: on a dead mount it outlives this object.
  Secrets read = co_await files_->run_until(
      [path = path_, kind = kind_, folder = folder_, adder = adder(), progress]() -> Secrets {
        *progress = Progress::running;
        if (adder) {
          // Before the reading, so that no change falls between. A folder that cannot be watched
          // is tried again at the next read.
          static_cast<void>(adder->add(folder));
        }
        Secrets secret = read_secret(path, kind);
        *progress = Progress::done;
        return secret;
      },
      deadline, "secret.hung");
  if (!read) {
    Error& error = read.error();
    if (error.code == "pool.cancelled") {
      late_ = progress;  // it may hang as well
    }
    if (error.code == "secret.hung") {
      late_ = progress;
      error.message = fmt::format("reading {} did not end in time", path_);
      error.remedy = "the disk or network mount does not answer";
    }
    if (error.code == "pool.full") {
      error.reason = Reason::internal;  // not the server's doing: no reason to leave it alone
    }
    error.stage = Stage::auth;
    co_return read;
  }
  if (differs(last_, *read)) {
    ++version_;
    last_ = *read;
    const auto before = std::exchange(number_, number_of(**read));
    // The first one is news only where there was none when it was asked for.
    if ((before || looking_) && before != number_ && on_change_) {
      on_change_(*number_);
    }
  }
  co_return read;
}

bool PasswordFile::concerns(const os::FileEvent& event) const {
  // Secrets that an orchestrator mounts are links through `..data`, which is turned elsewhere.
  return event.kind != os::FileEvent::Kind::changed || event.name.starts_with("..") ||
         event.name == path_.substr(path_.rfind('/') + 1);
}

void PasswordFile::refresh(std::optional<std::uint64_t> known) {
  if (!number_) {
    number_ = known;
  }
  tried_ = tried_ || number_.has_value();
  changed();
}

void PasswordFile::changed() {
  if (!tried_) {
    return;  // the folder is watched for another file's sake; nothing is known that could change
  }
  look_again_ = true;
  if (!looking_) {
    looking_ = true;
    boost::asio::co_spawn(executor_, look(shared_from_this()), [](const std::exception_ptr&) {});
  }
}

boost::asio::awaitable<void> PasswordFile::look(std::shared_ptr<PasswordFile> self) {
  while (self->look_again_) {
    self->look_again_ = false;
    static_cast<void>(co_await self->read(net::mono_now() + kLookTime));
  }
  self->looking_ = false;
}

}  // namespace sfb::remote
