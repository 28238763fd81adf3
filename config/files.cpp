#include "config/files.hpp"

#include "agent/base/descriptor.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace sfb::config {

namespace {

std::unexpected<Error> cannot_read(int error) {
  if (error == ENOENT || error == ENOTDIR) {
    return fail(Reason::not_found, "config.missing", "there is no such file",
                "check the path given with --config.file");
  }
  return fail(Reason::process, "config.unreadable",
              fmt::format("cannot be read: {}", std::generic_category().message(error)),
              error == EACCES ? "give the agent's user the right to read it" : "");
}

}  // namespace

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
  // O_NONBLOCK: a named pipe without a writer would hold the start for ever.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return cannot_read(errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) {
    return cannot_read(errno);
  }
  if (S_ISDIR(status.st_mode)) {
    return fail(Reason::process, "config.directory", "is a directory",
                fmt::format("name a file or a pattern such as {}/*.yml", path));
  }
  if (!S_ISREG(status.st_mode)) {
    return fail(Reason::process, "config.not_regular", "is not a regular file", "name a file");
  }
  std::string content;
  std::string block(64UL << 10U, '\0');
  for (;;) {
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return cannot_read(errno);
    }
    if (got == 0) {
      return content;
    }
    content.append(block, 0, static_cast<std::size_t>(got));
    if (content.size() > most) {
      return fail(Reason::process, "config.too_large", fmt::format("is larger than {} bytes", most),
                  "split it into several files");
    }
  }
}

}  // namespace sfb::config
