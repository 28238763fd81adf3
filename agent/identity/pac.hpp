// Who a Kerberos caller is to Windows: the groups that a domain controller wrote into the ticket.
#pragma once

#include "agent/base/error.hpp"
#include "agent/identity/sid.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sfb::identity {

/// What the KERB_VALIDATION_INFO of a ticket says (MS-PAC 2.5).
struct LogonInfo {
  std::string account;      ///< EffectiveName: the account without its domain
  std::string domain;       ///< LogonDomainName: the short name of its domain
  Sid user;                 ///< the account itself
  std::vector<Sid> groups;  ///< all that grant: sorted, each once, nested ones included
};

/// Reads the bytes of GSSAPI's name attribute `urn:mspac:logon-info`. Takes the account's domain
/// groups (GroupIds), SIDs of other domains and of universal groups (ExtraSids) and groups local to
/// the service's domain (ResourceGroupIds), the latter two where UserFlags says that they are
/// there. A group that is not enabled, or is for denying only, grants nothing and is left out. A
/// guest has no groups. Bounded by the bytes themselves; never throws. The caller must have seen
/// that GSSAPI calls the attribute authenticated: anybody can write these bytes. Reason::parse,
/// code `identity.pac`.
Result<LogonInfo> read_logon_info(std::string_view bytes);

}  // namespace sfb::identity
