#include "agent/serve/pushers.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <string_view>

namespace sfb::serve {
namespace {

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Windows and DNS compare names without case.
bool holds_in_any_case(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [&](const std::string& each) { return iequals(each, name); });
}

bool holds_sid(const std::vector<identity::Sid>& sids, const access::Caller& caller) {
  return std::ranges::any_of(sids, [&](const identity::Sid& sid) {
    return sid == caller.account || std::ranges::binary_search(caller.groups, sid);
  });
}

}  // namespace

bool is_somebody(const access::Caller& caller, const http::Peer& peer) {
  return caller.proof != access::Proof::none || (peer.tls && !peer.tls->names.empty());
}

bool Pushers::admits(const access::Caller& caller, const http::Peer& peer) const {
  switch (caller.proof) {
    case access::Proof::token:
      return holds(tokens, caller.name);
    case access::Proof::password:
      return holds(users, caller.name);
    case access::Proof::kerberos:
      return caller.groups_known &&
             (holds_in_any_case(principals, caller.name) || holds_sid(sids, caller));
    case access::Proof::none:
    case access::Proof::certificate:
      break;
  }
  return peer.tls && std::ranges::any_of(peer.tls->names, [&](const std::string& name) {
           return holds_in_any_case(certificates, name);
         });
}

}  // namespace sfb::serve
