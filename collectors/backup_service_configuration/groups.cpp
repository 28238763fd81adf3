#include "collectors/backup_service_configuration/groups.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace sfb::collectors {

namespace {

constexpr std::string_view kAlways = "RTCUniversalServerAdmins";

struct Group {
  enum class Form : std::uint8_t { name, sid, other };
  Form form = Form::name;
  std::string domain = {};  // short, or of DNS; empty: any
  std::string name;         // lower case
  std::string written;
};

Group group_of(const std::string& written) {
  const std::string lower = to_lower(written);
  if (lower.starts_with("s-1-")) {
    return {.form = Group::Form::sid, .name = lower, .written = written};
  }
  if (lower.contains('=')) {
    return {.form = Group::Form::other, .name = lower, .written = written};
  }
  if (const auto slash = lower.find('\\'); slash != std::string::npos) {
    return {.domain = lower.substr(0, slash), .name = lower.substr(slash + 1), .written = written};
  }
  if (const auto at = lower.rfind('@'); at != std::string::npos) {
    return {.domain = lower.substr(at + 1), .name = lower.substr(0, at), .written = written};
  }
  return {.name = lower, .written = written};
}

bool is_same(const Group& a, const Group& b) {
  // A short domain and one of DNS are two spellings: nobody here knows which belong together.
  const bool may_compare =
      !a.domain.empty() && !b.domain.empty() && a.domain.contains('.') == b.domain.contains('.');
  return a.form == b.form && a.name == b.name && (!may_compare || a.domain == b.domain);
}

std::vector<Group> groups_of(std::span<const std::string> written) {
  std::vector<Group> groups;
  for (const std::string& one : written) {
    Group group = group_of(one);
    if (group.form != Group::Form::name || !iequals(group.name, kAlways)) {
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

std::vector<Group> without(const std::vector<Group>& groups, const std::vector<Group>& others) {
  std::vector<Group> rest;
  std::ranges::copy_if(groups, std::back_inserter(rest), [&](const Group& group) {
    return std::ranges::none_of(others, [&](const Group& other) { return is_same(group, other); });
  });
  return rest;
}

bool has(const std::vector<Group>& groups, Group::Form form) {
  return std::ranges::find(groups, form, &Group::form) != groups.end();
}

// A SID or a distinguished name may mean what the other side calls by name.
bool may_be_same(const std::vector<Group>& server, const std::vector<Group>& here) {
  return has(server, Group::Form::other) || has(here, Group::Form::other) ||
         (has(server, Group::Form::sid) && has(here, Group::Form::name)) ||
         (has(server, Group::Form::name) && has(here, Group::Form::sid));
}

std::vector<std::string> texts_of(const std::vector<Group>& groups) {
  std::vector<std::string> texts;
  std::ranges::transform(groups, std::back_inserter(texts), &Group::written);
  return texts;
}

}  // namespace

std::optional<std::vector<std::string>> read_groups(const Graph& graph, const Value& value) {
  std::vector<std::string> groups;
  for (const Value* const item : items_of(graph, value)) {
    const auto text = plain_text(graph, *item);
    if (!text) {
      return std::nullopt;
    }
    // Commas belong to a distinguished name.
    const bool whole = text->contains('=');
    std::size_t begin = 0;
    while (begin <= text->size()) {
      const auto end =
          whole ? text->size() : std::min(text->find_first_of(",;", begin), text->size());
      if (const std::string_view one = trim(text->substr(begin, end - begin)); !one.empty()) {
        groups.emplace_back(one);
      }
      begin = end + 1;
    }
  }
  return groups;
}

GroupsComparison compare_groups(std::span<const std::string> server,
                                std::span<const std::string> here) {
  const std::vector<Group> theirs = groups_of(server);
  const std::vector<Group> ours = groups_of(here);
  const std::vector<Group> only_server = without(theirs, ours);
  const std::vector<Group> only_here = without(ours, theirs);
  GroupsComparison found{.same = only_server.empty() && only_here.empty(),
                         .only_server = texts_of(only_server),
                         .only_here = texts_of(only_here)};
  if (!*found.same && may_be_same(only_server, only_here)) {
    found.same.reset();
  }
  return found;
}

}  // namespace sfb::collectors
