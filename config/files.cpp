#include "config/files.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/base/secret.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace sfb::config {

namespace {

std::unexpected<Error> cannot_read(int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return fail(Reason::not_found, "config.missing", "there is no such file",
                "check the path given with --config.file");
  }
  return fail(Reason::process, "config.unreadable",
              fmt::format("cannot be read: {}", std::generic_category().message(error)),
              error == EACCES
                  ? fmt::format("let user id {} read it and enter its folders, or run this as the "
                                "agent's account",
                                ::geteuid())
                  : "");
}

// O_NONBLOCK: a named pipe without a writer would hold the start for ever.
Descriptor open_to_read(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
}

Status check_regular(const struct stat& status) {
  if (S_ISDIR(status.st_mode)) {
    return fail(Reason::process, "config.directory", "is a directory", "name a file");
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Reason::process, "config.not_regular", "is not a regular file", "name a file");
  }
  return {};
}

// The file was opened and is a regular one.
Status check_regular(const Descriptor& file, struct stat& status) {
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    return cannot_read(errno);
  }
  return check_regular(status);
}

// As ::read, which a signal may interrupt.
ssize_t read_some(int file, char* into, std::size_t size) {
  for (;;) {
    const ssize_t got = ::read(file, into, size);
    if (got >= 0 || errno != EINTR) {
      return got;
    }
  }
}

/// What is read may be a secret, so nothing stays behind.
struct Block {
  Block() = default;
  ~Block() { ::explicit_bzero(bytes.data(), bytes.size()); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  std::string bytes = std::string(64UL << 10U, '\0');
};

}  // namespace

bool is_public_key(std::string_view text) {
  constexpr std::array<std::string_view, 7> kBegins = {"ssh-",
                                                       "ecdsa-sha2-",
                                                       "sk-ssh-",
                                                       "sk-ecdsa-",
                                                       "---- BEGIN SSH2 PUBLIC KEY",
                                                       "-----BEGIN PUBLIC KEY",
                                                       "-----BEGIN RSA PUBLIC KEY"};
  return std::ranges::any_of(kBegins,
                             [&](std::string_view begin) { return text.starts_with(begin); });
}

std::vector<std::string> SystemFiles::match(const std::string& pattern) const {
  if (pattern.find_first_of("*?[") == std::string::npos) {
    return {pattern};
  }
  std::vector<std::string> paths;
  glob_t found{};
  // GLOB_NOSORT: glob sorts by the locale, which would make the order depend on the machine.
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) {
      paths.emplace_back(found.gl_pathv[i]);
    }
  }
  ::globfree(&found);
  std::ranges::sort(paths);
  return paths;
}

Result<std::string> SystemFiles::read(const std::string& path, std::size_t most) const {
  struct stat status{};
  const Descriptor file = open_to_read(path);
  if (const Status regular = check_regular(file, status); !regular) {
    return std::unexpected(regular.error());
  }
  std::string content;
  Block block;
  for (;;) {
    const ssize_t got = read_some(file.get(), block.bytes.data(), block.bytes.size());
    if (got < 0) {
      return cannot_read(errno);
    }
    if (got == 0) {
      return content;
    }
    content.append(block.bytes, 0, static_cast<std::size_t>(got));
    if (content.size() > most) {
      return fail(Reason::process, "config.too_large", fmt::format("is larger than {} bytes", most),
                  "split it into several files");
    }
  }
}

Result<SecretInfo> SystemFiles::inspect(const std::string& path) const {
  struct stat status{};
  const Descriptor file = open_to_read(path);
  if (const Status regular = check_regular(file, status); !regular) {
    return std::unexpected(regular.error());
  }
  std::array<char, kMostSecret + 1> content{};
  std::size_t used = 0;
  ssize_t got = 1;
  while (got > 0 && used < content.size()) {
    got = read_some(file.get(), content.data() + used, content.size() - used);
    used += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  const int error = errno;
  const auto secret = secret_line({content.data(), used});
  SecretInfo info{.problem = {},
                  .mode = status.st_mode & 07777U,
                  .public_key = is_public_key({content.data(), used})};
  if (!secret) {
    info.problem = secret.error();
  }
  ::explicit_bzero(content.data(), content.size());
  if (got < 0) {
    return cannot_read(error);
  }
  return info;
}

Status SystemFiles::executable(const std::string& path) const {
  // Not opened: who may run a program may not always read it.
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return cannot_read(errno);
  }
  if (const Status regular = check_regular(status); !regular) {
    return regular;
  }
  if (::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) != 0) {
    return fail(Reason::process, "config.not_executable", "may not be executed by this account",
                "chmod 755, or name another program");
  }
  return {};
}

std::string SystemFiles::absolute(const std::string& path) const {
  std::error_code error;
  const auto whole = std::filesystem::absolute(path, error);
  return error ? path : whole.lexically_normal().string();
}

}  // namespace sfb::config
