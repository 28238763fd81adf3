// What a directory's answer about a group's name means. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/directory/group_name.hpp"
#include "agent/identity/sid.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sfb::directory {

/// Where a group can be used (MS-ADTS 2.2.12).
enum class Scope : std::uint8_t { universal, global, domain_local, builtin };
/// For messages: `domain local`.
std::string_view to_string(Scope scope);

/// One group that was found.
struct Entry {
  std::string domain;                ///< domain_of_dn
  std::string account;               ///< sAMAccountName
  std::string sid;                   ///< the bytes of objectSid
  std::optional<std::int32_t> type;  ///< groupType
};

/// One domain of the forest.
struct Domain {
  std::string short_name;  ///< nETBIOSName
  std::string name;        ///< domain_of_dn of its nCName
};

struct Match {
  identity::Sid sid;
  Scope scope = Scope::universal;
  std::string domain = {};  ///< of DNS
};

/// The one group of that name. `domains` is looked at for a short domain. Reason::not_found, code
/// - directory.group_unknown: none in that domain, or in any
/// - directory.domain_unknown: the forest has no domain of that short name
/// - directory.group_ambiguous: several domains have one; they are the peer's text
/// - directory.group_distribution: it is for mail alone, so no ticket holds it
/// Reason::parse, code `directory.answer`: an entry that is no group, or without a SID.
Result<Match> match(const GroupName& name, std::span<const Entry> entries,
                    std::span<const Domain> domains);

}  // namespace sfb::directory
