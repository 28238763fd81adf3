#include "agent/remote/file/file_reader.hpp"

#include "agent/base/descriptor.hpp"
#include "agent/base/text.hpp"
#include "agent/remote/file/beneath.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

namespace sfb::remote {

namespace {

// Far more than the status of a pool takes. Larger objects are kept, or not, by those who know of
// all pools.
constexpr std::size_t kLarge = 256UL << 10U;

// A wait for the byte budget ends this much before the caller's deadline, so that the caller hears
// this reason and not that the disk is silent.
constexpr std::chrono::milliseconds kAnswerFirst{20};

Error file_error(Reason reason, std::string code, std::string message, std::string remedy) {
  return {reason, std::move(code), std::move(message), std::move(remedy), {}, Stage::none};
}

// Only who reads the message needs to know which link it is: looked up when it is too late.
Error leads_outside(const std::string& path, const std::string& folder) {
  const std::string link = link_outside(folder, path.substr(folder.size()));
  const std::string which = link.empty() ? fmt::format("a link on the way to {}", path)
                            : link == path
                                ? fmt::format("{} is a link and", path)
                                : fmt::format("{} lies behind the link {}, which", path, link);
  return file_error(Reason::process, "file.link_outside",
                    fmt::format("{} leaves {} or is absolute", which, folder),
                    "set path to the target; links may only be relative and stay in the folder");
}

// The first folder on the way that is not there; empty: all are.
std::string missing_folder(const std::string& path) {
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1)) {
    std::error_code ignored;
    std::string folder = path.substr(0, slash);
    if (!std::filesystem::is_directory(folder, ignored)) {
      return folder;
    }
  }
  return {};
}

Error cannot_open(const std::string& path, int error) {
  if (error == ENOENT || error == ENOTDIR) {
    if (const std::string folder = missing_folder(path); !folder.empty()) {
      return file_error(Reason::not_found, "file.missing",
                        fmt::format("the folder {} is not there, so neither is {}", folder, path),
                        "make the folder, mount what it lies on, or correct the endpoint's path");
    }
    return file_error(Reason::not_found, "file.missing", fmt::format("{} is not there", path),
                      "look whether the task on the front end runs and the copy arrives");
  }
  std::string remedy = "look at the disk or mount it lies on";
  if (error == EACCES || error == EPERM) {
    remedy = fmt::format("let user id {} read the file and enter its folders", ::geteuid());
  } else if (error == ELOOP) {
    remedy = "its links lead in a circle or into /proc: let them lead to a file";
  }
  return file_error(Reason::process, "file.unreadable",
                    fmt::format("{} cannot be read: {}", path, std::strerror(error)),
                    std::move(remedy));
}

Error not_regular(const std::string& path) {
  return file_error(Reason::process, "file.not_regular",
                    fmt::format("{} is not a regular file", path),
                    "let the endpoint's path name a file");
}

std::unexpected<Error> wrong_category(std::string_view asked) {
  return std::unexpected(
      file_error(Reason::parse, "file.wrong_category",
                 fmt::format("the file is not of category {}", asked.empty() ? "All" : asked),
                 "write {category} into the endpoint's path, and run Export-BackupStatus.ps1 with "
                 "-PerCategory"));
}

Error too_large(const std::string& path, std::size_t limit) {
  return file_error(Reason::parse, "file.too_large",
                    fmt::format("{} is larger than {} bytes", path, limit),
                    "raise limits.object, or look what was written");
}

// Within what .NET holds (year 1 to 9999): a file's time may be set to anything.
WallTime modified_at(const struct stat& info) {
  constexpr std::chrono::seconds kFirst{-62'135'596'800};
  constexpr std::chrono::seconds kLast{253'402'300'799};
  const std::chrono::seconds seconds(info.st_mtim.tv_sec);
  return WallTime(std::clamp(seconds, kFirst, kLast)) + Micros(info.st_mtim.tv_nsec / 1000);
}

std::pair<std::int64_t, std::int64_t> exact(const timespec& time) {
  return {time.tv_sec, time.tv_nsec};
}

// The whole file, at most `cap` bytes (one more is an error).
Result<std::string> read_all(int fd, const std::string& path, std::size_t expected,
                             std::size_t cap) {
  std::string bytes;
  bytes.resize(std::min(expected, cap) + 1);
  std::size_t used = 0;
  for (;;) {
    const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return std::unexpected(cannot_open(path, errno));
    }
    used += static_cast<std::size_t>(got);
    if (used > cap) {
      return std::unexpected(too_large(path, cap));
    }
    if (got == 0) {
      bytes.resize(used);
      return bytes;
    }
    if (used == bytes.size()) {  // it grew since fstat
      bytes.resize(std::min(2 * used, cap) + 1);
    }
  }
}

}  // namespace

FileReader::Identity FileReader::identity_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, exact(info.st_mtim), exact(info.st_ctim)};
}

Result<Reading> FileReader::read(const std::string& path, const Fqdn& pool,
                                 std::string_view collector, std::string_view category,
                                 MonoTime deadline, std::vector<StageTime>& stages) {
  Reading reading;
  MonoTime stage_start = clock_.now().mono;
  const auto end_stage = [&](Stage stage) {
    const MonoTime now = clock_.now().mono;
    stages.push_back({stage, now - stage_start});
    stage_start = now;
  };
  const auto fail_at = [&](Stage stage, Error error) {
    end_stage(stage);
    error.stage = stage;
    return std::unexpected(std::move(error));
  };
  const Descriptor file = open_beneath(folder_, path.substr(folder_.size()));
  if (file.get() < 0) {
    const int error = errno;
    if (error == EXDEV) {
      return fail_at(Stage::open, leads_outside(path, folder_));
    }
    // A socket or a device without a driver cannot even be opened.
    return fail_at(Stage::open, error == ENXIO ? not_regular(path) : cannot_open(path, error));
  }
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) {
    return fail_at(Stage::open, cannot_open(path, errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return fail_at(Stage::open, not_regular(path));
  }
  end_stage(Stage::open);
  const Identity identity = identity_of(info);
  if (const auto known = known_.find(path);
      known != known_.end() && known->second.identity == identity) {
    reading.content = known->second.content;
    if (reading.content.result == nullptr) {
      reading.content.result = known->second.large.lock();
    }
    if (reading.content.result != nullptr) {
      reading.reused = true;
      return reading;
    }
    reading.content = {};
  }
  // UTF-16 takes two bytes a character; parse_export applies the exact cap.
  const std::size_t cap = 2 * limits_.object;
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size > cap) {
    return fail_at(Stage::query, too_large(path, limits_.object));
  }
  const auto hold = budget_->acquire(size, deadline - kAnswerFirst);
  if (!hold) {
    return fail_at(Stage::query,
                   file_error(Reason::timeout, "limits.in_flight",
                              "too many bytes are being read at once", "raise limits.in_flight"));
  }
  const auto bytes = read_all(file.get(), path, size, cap);
  if (!bytes) {
    return fail_at(Stage::query, bytes.error());
  }
  const Now now = clock_.now();
  end_stage(Stage::query);
  auto parsed = parse_export(*bytes, pool, limits_, collector);
  // Older scripts do not say it.
  if (parsed && !parsed->category.empty() && !iequals(parsed->category, category)) {
    parsed = wrong_category(category);
  }
  if (!parsed) {
    parsed.error().message = fmt::format("{}: {}", path, parsed.error().message);
    return fail_at(Stage::parse, std::move(parsed.error()));
  }
  end_stage(Stage::parse);
  Content& content = reading.content;
  content.result = pack(parsed->result);
  content.date = parsed->exported_at.value_or(modified_at(info));
  sightings_[path].date(content, now);
  content.format = parsed->format;
  content.bytes = bytes->size();
  content.culture = std::move(parsed->culture);
  content.text_left_out = std::move(parsed->text_left_out);
  // A file still being written keeps its size or time moving: then it is read again next time.
  struct stat after{};
  if (::fstat(file.get(), &after) == 0 && identity_of(after) == identity) {
    Known known{identity, content, content.result};
    if (std::max(content.bytes, content.result->memory()) > kLarge) {
      known.content.result = nullptr;
    }
    known_.insert_or_assign(path, std::move(known));
  }
  return reading;
}

}  // namespace sfb::remote
