// Names of groups as the configuration has them, and as a search filter. Pure.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <string_view>

namespace sfb::directory {

/// `name`, `DOMAIN\name` or `name@domain.com`.
struct GroupName {
  std::string account;      ///< sAMAccountName, as written
  std::string domain = {};  ///< as written; empty: any
  /// The domain is its short name (NetBIOS), not that of DNS.
  bool short_domain = false;
};

/// Reason::parse, code `directory.group_name`: empty parts, control characters, not UTF-8, longer
/// than an sAMAccountName may be. An `@` parts a domain only where a domain with a dot follows.
Result<GroupName> read_group_name(std::string_view written);

/// A value within a filter (RFC 4515): whatever is in it, it stays a value.
std::string escape_filter(std::string_view value);

/// Finds the groups of that name.
std::string filter_of(const GroupName& name);

/// `litwareinc.com` of `CN=x,CN=Users,DC=litwareinc,DC=com`, in lower case; empty: there is none.
std::string domain_of_dn(const std::string& dn);

}  // namespace sfb::directory
