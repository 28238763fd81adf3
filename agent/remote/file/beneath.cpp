#include "agent/remote/file/beneath.hpp"

#include "agent/base/text.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

namespace sfb::remote {

namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY | O_CLOEXEC;
// Not blocking: somebody may have put a FIFO there.
constexpr int kFileFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
// As many as Linux itself follows.
constexpr int kMostLinks = 40;
// The kernel gives up when somebody renames folders meanwhile.
constexpr int kTries = 16;

Descriptor failed(int error) {
  errno = error;
  return Descriptor();
}

// What is still to go, the next part last.
void push_parts(std::vector<std::string>& parts, std::string_view path) {
  const auto all = split(path, '/');
  for (auto part = all.rbegin(); part != all.rend(); ++part) {
    if (!part->empty() && *part != ".") {
      parts.emplace_back(*part);
    }
  }
}

// A link's target; 0 bytes and errno when there is none.
std::string read_link(int folder, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
  if (size == static_cast<ssize_t>(target.size())) {
    errno = ENAMETOOLONG;
    return {};
  }
  return {target.data(), size < 0 ? 0U : static_cast<std::size_t>(size)};
}

// `last_link`: the path of the link that was followed last.
Descriptor walk(const std::string& folder, const std::string& relative, std::string& last_link) {
  // From the folder down: `..` goes back to a folder that was passed, whatever was renamed since.
  std::vector<Descriptor> way;
  std::vector<std::string> names = {folder};  // of the folders in `way`
  way.emplace_back(::open(folder.c_str(), kFolder));
  if (way.back().get() < 0) {
    return Descriptor();
  }
  std::vector<std::string> parts;
  push_parts(parts, relative);
  int links = 0;
  while (!parts.empty()) {
    const std::string name = std::move(parts.back());
    parts.pop_back();
    if (name == "..") {
      way.pop_back();
      names.pop_back();
      if (way.empty()) {
        return failed(EXDEV);
      }
      continue;
    }
    const std::string target = read_link(way.back().get(), name);
    if (!target.empty()) {
      last_link = fmt::format("{}{}{}", names.back(), names.back().ends_with('/') ? "" : "/", name);
      if (target.front() == '/') {
        return failed(EXDEV);
      }
      if (++links > kMostLinks) {
        return failed(ELOOP);
      }
      push_parts(parts, target);
      continue;
    }
    if (errno != EINVAL) {  // that says: no link
      return Descriptor();
    }
    if (parts.empty()) {
      return Descriptor(::openat(way.back().get(), name.c_str(), kFileFlags | O_NOFOLLOW));
    }
    Descriptor next(::openat(way.back().get(), name.c_str(), kFolder | O_NOFOLLOW));
    if (next.get() < 0) {
      return next;
    }
    way.push_back(std::move(next));
    names.push_back(
        fmt::format("{}{}{}", names.back(), names.back().ends_with('/') ? "" : "/", name));
  }
  return Descriptor(
      ::openat(way.back().get(), ".", kFileFlags));  // a folder, which the caller refuses
}

}  // namespace

std::string constant_folder(std::string_view pattern) {
  return std::string(pattern.substr(0, pattern.rfind('/', pattern.find('{')) + 1));
}

Descriptor open_beneath(const std::string& folder, const std::string& relative) {
  const Descriptor base(::open(folder.c_str(), kFolder));
  if (base.get() < 0) {
    return Descriptor();
  }
  open_how how{};
  how.flags = static_cast<unsigned>(kFileFlags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  Descriptor file = failed(EAGAIN);
  for (int i = 0; i < kTries && file.get() < 0 && (errno == EAGAIN || errno == EINTR); ++i) {
    file.reset(
        static_cast<int>(::syscall(SYS_openat2, base.get(), relative.c_str(), &how, sizeof(how))));
  }
  // A filter of system calls may say EPERM; if the file itself does, the walk says so again.
  if (file.get() < 0 && (errno == ENOSYS || errno == EPERM)) {
    return walk_beneath(folder, relative);
  }
  return file;
}

Descriptor walk_beneath(const std::string& folder, const std::string& relative) {
  std::string last_link;
  return walk(folder, relative, last_link);
}

std::string link_outside(const std::string& folder, const std::string& relative) {
  std::string last_link;
  const Descriptor file = walk(folder, relative, last_link);
  return file.get() < 0 && errno == EXDEV ? last_link : std::string();
}

}  // namespace sfb::remote
