// What our configuration says of realms, as a piece of krb5.conf that goes before the machine's
// own.
#pragma once

#include "agent/base/error.hpp"

#include <compare>
#include <span>
#include <string>
#include <vector>

namespace sfb::gss {

/// `realms:` of the configuration.
struct Realm {
  std::string name;                ///< upper case
  std::vector<std::string> kdcs;   ///< host or host:port, tried in order; empty: DNS
  std::vector<std::string> hosts;  ///< domain_realm: hosts and `.domains` of this realm
  auto operator<=>(const Realm&) const = default;
};

/// The text: [libdefaults] (rdns and dns_canonicalize_hostname off, udp_preference_limit 1,
/// forwardable), [realms], [domain_realm]. The first realm is the default one where /etc/krb5.conf
/// may be absent.
std::string krb5_conf(std::span<const Realm> realms);

/// Puts the text where libkrb5 reads it first (KRB5_CONFIG), before the machine's own file, in
/// memory of this process: no file is written. May be called again after a reload; contexts that
/// begin later read it.
/// Thread rule: the first call before another thread runs (it sets the environment), later ones
/// from one thread. Reason::process, code `auth.krb5_conf`.
Status use_krb5_conf(const std::string& text);

}  // namespace sfb::gss
