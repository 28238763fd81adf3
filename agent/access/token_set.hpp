// Tokens of machines: whose is it? Pure.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/access/login_cache.hpp"
#include "agent/base/secret.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::access {

/// Tokens are kept as keyed digests only. Thread rule: a value of one owner.
class TokenSet {
 public:
  /// Adds one. False where another holder has the same token: then it is nobody's.
  bool add(std::string name, std::vector<std::string> groups, const Secret& token);
  /// Its holder. All are compared, each in constant time, so that the time tells nothing.
  std::optional<Caller> find(const Secret& token) const;

 private:
  struct Holder {
    Caller caller;
    Digest digest;
    bool only = true;
  };
  LoginKeys keys_;
  std::vector<Holder> holders_;
};

}  // namespace sfb::access
