#include "agent/access/authorized.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

namespace sfb::access {

namespace {

// Whether `given` is the group that `asked` names: a domain counts where it is asked for.
bool is_group(std::string_view asked, std::string_view given) {
  const std::size_t domain = given.rfind('\\');
  const bool any_domain = domain != std::string_view::npos && !asked.contains('\\');
  return iequals(asked, any_domain ? given.substr(domain + 1) : given);
}

}  // namespace

Authorized::Authorized(const std::vector<std::string>& configured,
                       const std::vector<GroupSid>& known) {
  const auto add = [&](std::string_view name) {
    const auto same = [&](std::string_view other) { return iequals(name, other); };
    if (std::ranges::any_of(names_, same)) {
      return;
    }
    names_.emplace_back(name);
    const auto found = std::ranges::find_if(known, same, &GroupSid::name);
    resolved_.push_back(found != known.end());
    if (found != known.end()) {
      sids_.push_back(found->sid);
    }
  };
  add(kServerAdmins);
  std::vector<identity::Sid> given;
  for (const std::string& group : configured) {
    if (const auto sid = identity::Sid::parse(group)) {
      given.push_back(*sid);
    } else {
      add(group);
    }
  }
  const auto sort = [](std::vector<identity::Sid>& sids) {
    std::ranges::sort(sids);
    const auto rest = std::ranges::unique(sids);
    sids.erase(rest.begin(), rest.end());
  };
  sort(given);
  by_sid_ = given.size();
  sids_.insert(sids_.end(), given.begin(), given.end());
  sort(sids_);
}

bool Authorized::admits(const Caller& caller) const {
  if (caller.proof == Proof::none || !caller.groups_known) {
    return false;
  }
  const auto by_sid = [&](const identity::Sid& sid) {
    return std::ranges::binary_search(sids_, sid);
  };
  const auto by_text = [&](const std::string& group) {
    if (const auto sid = identity::Sid::parse(group)) {
      return by_sid(*sid);
    }
    return std::ranges::any_of(names_,
                               [&](std::string_view asked) { return is_group(asked, group); });
  };
  return std::ranges::any_of(caller.groups, by_sid) ||
         std::ranges::any_of(caller.group_names, by_text);
}

std::vector<std::string> Authorized::unresolved() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < names_.size(); ++i) {
    if (!resolved_[i]) {
      names.push_back(names_[i]);
    }
  }
  return names;
}

std::string Authorized::text() const {
  // A long list helps nobody.
  constexpr std::size_t kMost = 20;
  const std::size_t shown = std::min(names_.size(), kMost);
  std::string text = fmt::format("{}", fmt::join(std::span(names_).first(shown), ", "));
  if (shown < names_.size()) {
    text += fmt::format(" and {}", counted(names_.size() - shown, "other group"));
  }
  if (by_sid_ > 0) {
    text += fmt::format(" and {} given by SID", counted(by_sid_, "group"));
  }
  return text;
}

}  // namespace sfb::access
