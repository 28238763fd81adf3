#include "config/values.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sfb::config {

namespace {

constexpr std::size_t kMostPath = 4096;
constexpr std::size_t kMostName = 128;
constexpr unsigned kOthersRead = 0004;
constexpr unsigned kOthersWrite = 0022;

}  // namespace

std::optional<std::string> read_name(Section& section, std::string_view name, bool empty_allowed,
                                     std::string_view shown_by) {
  auto value = section.text(name);
  if (!value) {
    return std::nullopt;
  }
  const bool word = std::ranges::all_of(*value, is_name_character);
  if (!word || value->size() > kMostName || (value->empty() && !empty_allowed)) {
    section.problem(name, fmt::format("{} is not allowed", quote(*value, 60)),
                    fmt::format("write the name as {} shows it: letters, digits, dots, hyphens and "
                                "underscores, at most {}",
                                shown_by, kMostName));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> read_offered(Section& section, std::string_view what,
                                        std::span<const std::string> available,
                                        std::span<const std::string_view> known) {
  const std::string allowed = available.empty()
                                  ? std::string("none is allowed")
                                  : fmt::format("allowed: {}", fmt::join(available, ", "));
  if (!section.require(what, allowed)) {
    return std::nullopt;
  }
  auto word = section.text(what);
  if (!word || std::ranges::find(available, *word) != available.end()) {
    return word;
  }
  section.problem(what,
                  std::ranges::find(known, *word) != known.end()
                      ? fmt::format("{} {} is not in this build", what, *word)
                      // Not repeated: a value in the wrong line may be a password.
                      : fmt::format("unknown {}", what),
                  allowed);
  return std::nullopt;
}

std::string folder_of(const Section& section, const Context& context) {
  const std::string file = context.files.absolute(std::string(section.node().file));
  const std::size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, std::max(slash, 1UL));
}

std::optional<std::string> read_path(Section& section, std::string_view name,
                                     const Context& context, Repeat repeat) {
  const auto path = section.text(name);
  if (!path) {
    return std::nullopt;
  }
  const auto refuse = [&] {
    // With control characters it is perhaps a key or password instead of its file: not repeated.
    const std::string what = repeat == Repeat::yes
                                 ? fmt::format("{} is not the path of a file", quote(*path, 100))
                                 : "is not the path of a file";
    section.problem(
        name,
        is_printable(*path) ? what : "has control characters, so it is not the path of a file",
        "write one, relative to the folder of this file or absolute");
    return std::nullopt;
  };
  if (path->empty() || path->ends_with('/') || !is_printable(*path)) {
    return refuse();
  }
  const std::string_view file = section.node().file;
  const std::size_t slash = file.rfind('/');
  const bool beside = !path->starts_with('/') && slash != std::string_view::npos;
  std::string whole =
      context.files.absolute(beside ? fmt::format("{}/{}", file.substr(0, slash), *path) : *path);
  if (whole.size() > kMostPath) {
    return refuse();
  }
  return whole;
}

void report_unusable(Section& section, std::string_view name, const std::string& path,
                     const Error& error, Repeat repeat) {
  const bool missing = error.reason == Reason::not_found;
  const bool is_there =
      error.code == "config.directory" || error.code == "config.not_regular";  // so it is a path
  section.problem(name,
                  repeat == Repeat::yes || is_there
                      ? fmt::format("{}: {}", quote(path, 200), error.message)
                      : error.message,
                  missing ? "create it or correct the path (a relative one begins at the folder of "
                            "the file it stands in)"
                          : error.remedy);
}

std::optional<std::string> read_secret_file(Section& section, const Context& context,
                                            std::string_view key, std::string_view content) {
  auto path = read_path(section, key, context, Repeat::no);
  if (!path) {
    return std::nullopt;
  }
  const auto info = context.files.inspect(*path);
  if (!info) {
    report_unusable(section, key, *path, info.error(), Repeat::no);
    return path;
  }
  if (info->problem && content != kKeyContent) {
    section.problem(key, fmt::format("{} {}", quote(*path, 200), info->problem->message),
                    content == kTokenContent ? std::string(kTokenRemedy) : info->problem->remedy);
  }
  if ((info->mode & (kOthersRead | kOthersWrite)) != 0) {
    const bool write = (info->mode & kOthersWrite) != 0;
    context.warnings.add(section.find(key)->position(), section.key_of(key),
                         fmt::format("{} has mode {:04o}: others may {} the {}", quote(*path, 200),
                                     info->mode & 0777U, write ? "change" : "read", content),
                         "chmod 600, or 640 with a group of the agent's own");
  }
  return path;
}

}  // namespace sfb::config
