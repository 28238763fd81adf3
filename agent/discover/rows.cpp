#include "agent/discover/rows.hpp"

#include "agent/base/text.hpp"
#include "agent/discover/comment.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

namespace sfb::discover {

namespace {

constexpr std::string_view kSitePrefix = "Site:";
// More members, and more texts of one, than anybody reads.
constexpr std::size_t kMostMembers = 30;
constexpr std::size_t kMostTexts = 20;

// Names of types are what a serialiser leaves of an object that lay too deep.
bool is_type_name(std::string_view text) {
  return text.starts_with("System.") || text.starts_with("Microsoft.Rtc.");
}

std::optional<std::string> named_site(std::string_view text) {
  text = trim(text);
  if (istarts_with(text, kSitePrefix)) {
    text = trim(text.substr(kSitePrefix.size()));
  }
  return text.empty() || is_type_name(text) ? std::nullopt : std::optional(std::string(text));
}

}  // namespace

std::vector<Row> rows_of(const Answer& answer) {
  std::vector<Row> rows;
  if (answer) {
    for (const Value& value : (*answer)->output) {
      rows.push_back(collectors::member_texts((*answer)->graph, value));
      if (rows.back().empty()) {
        rows.pop_back();
      }
    }
  }
  return rows;
}

std::string trouble_of(const Answer& answer) {
  if (!answer) {
    return answer.error().message;
  }
  const PipelineResult& result = **answer;
  if (!result.errors.empty()) {
    return ErrorRecord::from(result.graph, result.errors.front()).message;
  }
  if (result.state == PipelineState::failed) {
    return "it was ended by an error";
  }
  return result.doubt;
}

std::vector<std::string_view> texts_of(const Row& row, std::string_view member) {
  const auto found = std::ranges::find_if(
      row, [&](const collectors::Member& each) { return iequals(each.name, member); });
  return found == row.end() ? std::vector<std::string_view>() : found->texts;
}

std::vector<std::string_view> texts_of(const Row& row) {
  std::vector<std::string_view> texts;
  for (const collectors::Member& member : row) {
    std::ranges::copy(member.texts, std::back_inserter(texts));
  }
  return texts;
}

std::optional<Fqdn> host_of(const Row& row, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members) {
    const auto texts = texts_of(row, member);
    auto host = texts.empty() ? std::nullopt : collectors::host_in(texts.front());
    if (host) {
      return host;
    }
  }
  return std::nullopt;
}

std::vector<Fqdn> hosts_of(const Row& row) {
  std::vector<Fqdn> hosts;
  for (const std::string_view text : texts_of(row)) {
    auto host = collectors::host_in(text);
    if (host && std::ranges::find(hosts, *host) == hosts.end()) {
      hosts.push_back(std::move(*host));
    }
  }
  return hosts;
}

std::optional<std::string> site_of(const Row& row) {
  for (const std::string_view member : {"SiteId", "Site"}) {
    const auto texts = texts_of(row, member);
    auto site = texts.empty() ? std::nullopt : named_site(texts.front());
    if (site) {
      return site;
    }
  }
  for (const std::string_view text : texts_of(row)) {
    if (istarts_with(trim(text), kSitePrefix)) {
      return named_site(text);
    }
  }
  return std::nullopt;
}

std::vector<std::string> shown(std::string_view spelled, const Row& row) {
  std::vector<std::string> lines = {
      fmt::format("{}: an object was not understood. Its members:", spelled)};
  for (const collectors::Member& member : row) {
    if (lines.size() > kMostMembers) {
      lines.push_back(fmt::format("  and {} more", row.size() - kMostMembers));
      break;
    }
    const std::size_t few = std::min(member.texts.size(), kMostTexts);
    std::string texts =
        fmt::format("{}", fmt::join(member.texts.begin(),
                                    member.texts.begin() + static_cast<std::ptrdiff_t>(few), ", "));
    texts += few < member.texts.size() ? ", ..." : "";
    const std::string name = comment_text(member.name) + (member.name.empty() ? "" : ":");
    const std::string gap = name.empty() || texts.empty() ? "" : " ";
    lines.push_back("  " + name + gap + comment_text(texts));
  }
  return lines;
}

}  // namespace sfb::discover
