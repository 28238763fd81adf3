// Who may push exports of a pool. Pure.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/http/types.hpp"
#include "agent/identity/sid.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sfb::serve {

/// Thread rule: an immutable value.
struct Pushers {
  std::vector<std::string> tokens = {};        ///< by name
  std::vector<std::string> users = {};         ///< of basic_auth_users
  std::vector<std::string> certificates = {};  ///< by a name of the certificate, in any case
  std::vector<std::string> principals = {};    ///< accounts with realm, in any case
  std::vector<identity::Sid> sids = {};        ///< of such accounts, or of groups that they are in

  /// `peer`: the certificate counts without a place in `authorization.certificates`, too.
  bool admits(const access::Caller& caller, const http::Peer& peer) const;
};

/// `send a token of authorization.tokens (scheme Bearer)`: what shows that one is of these. All of
/// them are looked at, so that strangers do not learn who pushes which pool.
std::string way_in(const std::map<Fqdn, std::shared_ptr<const Pushers>>& pools);

/// Whether something shows who asks: a proof, or the name of a verified certificate.
bool is_somebody(const access::Caller& caller, const http::Peer& peer);

}  // namespace sfb::serve
