#include "agent/serve/pushers.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

std::string way_in(const std::map<Fqdn, std::shared_ptr<const Pushers>>& pools) {
  Pushers any;
  const auto add = [](auto& all, const auto& more) {
    if (all.empty()) {
      all = more;
    }
  };
  for (const auto& [pool, from] : pools) {
    add(any.tokens, from->tokens);
    add(any.users, from->users);
    add(any.certificates, from->certificates);
    add(any.principals, from->principals);
    add(any.sids, from->sids);
  }
  std::vector<std::string_view> ways;
  if (!any.tokens.empty()) {
    ways.emplace_back("a token of authorization.tokens (scheme Bearer)");
  }
  if (!any.principals.empty() || !any.sids.empty()) {
    ways.emplace_back("a Kerberos ticket (scheme Negotiate)");
  }
  if (!any.users.empty()) {
    ways.emplace_back("name and password of basic_auth_users (scheme Basic)");
  }
  if (!any.certificates.empty()) {
    ways.emplace_back("a client certificate");
  }
  return ways.empty() ? "write an endpoint of transport push, with `from`"
                      : fmt::format("send {}", fmt::join(ways, ", or "));
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
