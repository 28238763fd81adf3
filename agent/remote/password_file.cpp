#include "agent/remote/password_file.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/base/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

namespace sfb::remote {

namespace {

constexpr std::size_t kLargest = 4096;
constexpr std::string_view kBom = "\xEF\xBB\xBF";
// A look after a change has nobody waiting for it.
constexpr std::chrono::seconds kLookTime{10};

std::unexpected<Error> unreadable(const std::string& path, std::string_view what,
                                  std::string remedy) {
  return std::unexpected(Error{Reason::process,
                               "secret.unreadable",
                               fmt::format("password file {} {}", path, what),
                               std::move(remedy),
                               {},
                               Stage::auth});
}

std::unexpected<Error> system_error(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return unreadable(path, "is not there", "write it, or correct password_file");
  }
  return unreadable(path, fmt::format("cannot be read: {}", std::strerror(error)),
                    error == EACCES || error == EPERM
                        ? fmt::format("let user id {} read it and enter its folders", ::geteuid())
                        : std::string("look at the disk or mount it lies on"));
}

// Overwrites what it holds: a password must not stay in freed memory.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { ::explicit_bzero(bytes.data(), bytes.size()); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  std::array<char, kLargest + 1> bytes{};
  std::size_t used = 0;
};

bool differs(const std::shared_ptr<const Secret>& a, const std::shared_ptr<const Secret>& b) {
  return a == nullptr || b == nullptr ? a != b : a->reveal() != b->reveal();
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

}  // namespace

Result<std::shared_ptr<const Secret>> read_password(const std::string& path) {
  // Not blocking: somebody may have put a FIFO there.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat info{};
  if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
    return system_error(path, errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return unreadable(path, "is not a regular file", "let password_file name a file");
  }
  Buffer buffer;
  while (buffer.used < buffer.bytes.size()) {
    const ssize_t got =
        ::read(file.get(), buffer.bytes.data() + buffer.used, buffer.bytes.size() - buffer.used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return system_error(path, errno);
    }
    if (got == 0) {
      break;
    }
    buffer.used += static_cast<std::size_t>(got);
  }
  std::string_view text(buffer.bytes.data(), buffer.used);
  if (text.size() > kLargest) {
    return unreadable(path, fmt::format("is larger than {} bytes", kLargest),
                      "let it hold the password and nothing else");
  }
  if (text.starts_with(kBom)) {
    text.remove_prefix(kBom.size());
  }
  if (text.ends_with('\n')) {
    text.remove_suffix(text.ends_with("\r\n") ? 2 : 1);
  }
  if (text.empty()) {
    return unreadable(path, "is empty", "write the password into it");
  }
  const bool control = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control || !is_utf8(text)) {
    return unreadable(path, "does not hold one line of UTF-8 text",
                      "save it as UTF-8, with one line and no control characters");
  }
  return std::make_shared<const Secret>(std::string(text));
}

std::shared_ptr<PasswordFile> PasswordFile::create(boost::asio::any_io_executor executor,
                                                   std::shared_ptr<net::WorkerPool> files,
                                                   std::string path, const Logger& logger) {
  auto made = std::make_shared<PasswordFile>(executor, std::move(files), std::move(path));
  auto watch =
      net::FileWatch::create(executor, [weak = std::weak_ptr(made)](const net::FileEvent& event) {
        if (const auto self = weak.lock(); self && self->concerns(event)) {
          self->changed();
        }
      });
  if (watch) {
    made->watch_ = std::move(*watch);
  } else {
    logger.warn("password file is not watched, only read at each connection",
                {{"path", made->path_}, {"error", describe(watch.error())}});
  }
  return made;
}

PasswordFile::PasswordFile(boost::asio::any_io_executor executor,
                           std::shared_ptr<net::WorkerPool> files, std::string path)
    : executor_(std::move(executor)),
      files_(std::move(files)),
      path_(std::move(path)),
      folder_(folder_of(path_)) {}

boost::asio::awaitable<PasswordFile::Secrets> PasswordFile::read(MonoTime deadline) {
  const auto self = shared_from_this();
  if (late_ && *late_ == Progress::running) {
    co_return std::unexpected(Error{Reason::timeout,
                                    "secret.hung",
                                    fmt::format("an earlier read of {} has not ended", path_),
                                    "the disk or network mount does not answer",
                                    {},
                                    Stage::auth});
  }
  late_.reset();
  std::optional<net::FileWatch::Adder> adder;
  if (watch_ && !watch_->watches(folder_)) {
    adder = watch_->adder();
  }
  const auto progress = std::make_shared<std::atomic<Progress>>(Progress::queued);
  // The job owns all it uses: on a dead mount it outlives this object.
  Secrets read = co_await files_->run_until(
      [path = path_, folder = folder_, adder, progress]() -> Secrets {
        *progress = Progress::running;
        if (adder) {
          // Before the reading, so that no change falls between. A folder that cannot be watched
          // is tried again at the next read.
          static_cast<void>(adder->add(folder));
        }
        Secrets secret = read_password(path);
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
    error.stage = Stage::auth;
    co_return read;
  }
  if (differs(last_, *read)) {
    ++version_;
    last_ = *read;
  }
  if (!told_) {
    told_ = last_;
  }
  co_return read;
}

bool PasswordFile::concerns(const net::FileEvent& event) const {
  // Secrets that an orchestrator mounts are links through `..data`, which is turned elsewhere.
  return event.kind != net::FileEvent::Kind::changed || event.name.starts_with("..") ||
         event.name == path_.substr(path_.rfind('/') + 1);
}

void PasswordFile::changed() {
  look_again_ = true;
  if (!looking_) {
    looking_ = true;
    boost::asio::co_spawn(executor_, look(shared_from_this()), [](const std::exception_ptr&) {});
  }
}

boost::asio::awaitable<void> PasswordFile::look(std::shared_ptr<PasswordFile> self) {
  while (self->look_again_) {
    self->look_again_ = false;
    const auto before = self->told_;
    const Secrets now = co_await self->read(net::mono_now() + kLookTime);
    if (now && differs(before, *now)) {
      self->told_ = *now;
      if (self->on_change_) {
        self->on_change_();
      }
    }
  }
  self->looking_ = false;
}

}  // namespace sfb::remote
