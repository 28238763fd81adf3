#include "agent/directory/match.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace sfb::directory {

namespace {

// groupType (MS-ADTS 2.2.12).
constexpr std::uint32_t kBuiltin = 0x1;
constexpr std::uint32_t kGlobal = 0x2;
constexpr std::uint32_t kDomainLocal = 0x4;
constexpr std::uint32_t kUniversal = 0x8;
constexpr std::uint32_t kSecurity = 0x80000000;

std::unexpected<Error> bad_entry(const GroupName& name, std::string_view what) {
  return fail(Reason::parse, "directory.answer",
              fmt::format("the directory's entry of {} {}", quote(name.account, 80), what),
              "let the account of `directory` read objectSid and groupType, or write the SID");
}

std::optional<Scope> scope_of(std::uint32_t type) {
  return (type & kBuiltin) != 0       ? std::optional(Scope::builtin)
         : (type & kUniversal) != 0   ? std::optional(Scope::universal)
         : (type & kGlobal) != 0      ? std::optional(Scope::global)
         : (type & kDomainLocal) != 0 ? std::optional(Scope::domain_local)
                                      : std::nullopt;
}

Result<Match> read_entry(const GroupName& name, const Entry& entry) {
  const auto type = entry.type ? std::optional(static_cast<std::uint32_t>(*entry.type))
                               : std::optional<std::uint32_t>();
  const auto scope = type ? scope_of(*type) : std::nullopt;
  if (!scope) {
    return bad_entry(name, "does not say which kind of group it is");
  }
  const auto sid = identity::Sid::from_bytes(entry.sid);
  if (!sid) {
    return bad_entry(name, "has no SID that can be read");
  }
  if ((*type & kSecurity) == 0) {
    return fail(Reason::not_found, "directory.group_distribution",
                fmt::format("{} is a distribution group: it is for mail alone, and no ticket "
                            "names its members",
                            quote(name.account, 80)),
                "name a security group");
  }
  return Match{*sid, *scope, entry.domain};
}

std::unexpected<Error> unknown(const GroupName& name, std::string_view domain) {
  return fail(Reason::not_found, "directory.group_unknown",
              domain.empty()
                  ? fmt::format("the directory knows no group {}", quote(name.account, 80))
                  : fmt::format("the domain {} has no group {}", quote(domain, 80),
                                quote(name.account, 80)),
              "write the group's sAMAccountName, or its SID");
}

std::unexpected<Error> ambiguous(const GroupName& name, std::span<const Entry> entries) {
  std::vector<std::string> domains;
  for (const Entry& entry : entries) {
    domains.push_back(entry.domain);
  }
  std::ranges::sort(domains);
  return fail(Reason::not_found, "directory.group_ambiguous",
              fmt::format("{} domains have a group {}", entries.size(), quote(name.account, 80)),
              "write name@domain.com or DOMAIN\\name for the one that is meant, or its SID",
              fmt::format("{}", fmt::join(domains, ", ")));
}

}  // namespace

std::string_view to_string(Scope scope) {
  switch (scope) {
    case Scope::universal:
      return "universal";
    case Scope::global:
      return "global";
    case Scope::domain_local:
      return "domain local";
    case Scope::builtin:
      return "built-in local";
  }
  return "";
}

Result<Match> match(const GroupName& name, std::span<const Entry> entries,
                    std::span<const Domain> domains) {
  std::string wanted = to_lower(name.domain);
  if (name.short_domain) {
    const auto known = std::ranges::find_if(
        domains, [&](const Domain& one) { return iequals(one.short_name, name.domain); });
    if (known == domains.end()) {
      return fail(Reason::not_found, "directory.domain_unknown",
                  fmt::format("the forest has no domain {}", quote(name.domain, 80)),
                  "write the domain's short name (NetBIOS), or name@domain.com");
    }
    wanted = known->name;
  }
  std::vector<Entry> fitting;
  std::ranges::copy_if(entries, std::back_inserter(fitting), [&](const Entry& entry) {
    return wanted.empty() || entry.domain == wanted;
  });
  if (fitting.empty()) {
    return unknown(name, wanted);
  }
  return fitting.size() > 1 ? ambiguous(name, fitting) : read_entry(name, fitting.front());
}

}  // namespace sfb::directory
