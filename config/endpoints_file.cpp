#include "config/endpoints_file.hpp"

#include "agent/base/text.hpp"
#include "config/passwords.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::config {

namespace {

// What is wrong with a path, and what to do; empty when it is right.
std::pair<std::string, std::string> judge_path(std::string_view path) {
  if (holds_account(path)) {
    return {"holds what looks like user:password@, which /config would show",
            "mount the share, and name the file where it is mounted"};
  }
  if (!path.starts_with('/') || path.ends_with('/') || path.size() > 4096) {
    return {fmt::format("{} is not the absolute path of a file", quote(path, 100)),
            "write one such as /srv/sfb/{pool}.clixml"};
  }
  if (!is_printable(path)) {
    return {fmt::format("{} has control characters", quote(path, 100)), "remove them"};
  }
  std::vector<std::string_view> seen;
  for (std::size_t at = path.find_first_of("{}"); at != std::string_view::npos;
       at = path.find_first_of("{}", at)) {
    const std::size_t end = path.find('}', at);
    if (path[at] == '}' || end == std::string_view::npos) {
      return {fmt::format("{} has a brace without its partner", quote(path, 100)),
              "braces belong to {pool}, {collector} and {category}"};
    }
    const std::string_view name = path.substr(at, end - at + 1);
    if (name != "{pool}" && name != "{collector}" && name != "{category}") {
      if (name.starts_with("{{") || (at > 0 && path[at - 1] == '$')) {
        return {fmt::format("{} is no placeholder, and nothing replaces variables in this file",
                            quote(name, 60)),
                "write the value itself; allowed are {pool}, {collector} and {category}"};
      }
      return {fmt::format("{} is no placeholder", quote(name, 60)),
              "allowed are {pool}, {collector} and {category}"};
    }
    if (name != "{pool}" && std::ranges::find(seen, name) != seen.end()) {
      return {fmt::format("{} stands in it more than once", name), "write it once"};
    }
    seen.push_back(name);
    at = end + 1;
  }
  return {};
}

}  // namespace

void read_file_keys(Section& section, const Context& /*context*/, DraftEndpoint& endpoint) {
  File& file = endpoint.value.transport.emplace<File>();
  if (section.require("path", "name the file, such as /srv/sfb/{pool}.clixml")) {
    endpoint.path_at = section.find("path");
    assign(file.path, section.text("path"));
    if (endpoint.path_at->kind == Node::Kind::scalar) {
      auto [what, remedy] = judge_path(file.path);
      if (!what.empty()) {
        section.problem("path", std::move(what), std::move(remedy));
        file.path.clear();  // no second complaint about the same text
      }
    }
  }
  endpoint.max_age_at = section.find("max_age");
  endpoint.max_age_known = endpoint.path_at != nullptr;
  const auto max_age = section.duration("max_age");
  if (endpoint.max_age_at != nullptr) {
    // A refused value compares with nothing; the default was not meant.
    file.max_age = max_age.value_or(std::chrono::milliseconds(0));
  }
}

}  // namespace sfb::config
