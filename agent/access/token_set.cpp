#include "agent/access/token_set.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace sfb::access {

namespace {

bool is_same(const Digest& a, const Digest& b) {
  return CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

bool TokenSet::add(std::string name, std::vector<std::string> groups, const Secret& token) {
  Holder added{
      .caller = {.proof = Proof::token, .name = std::move(name), .group_names = std::move(groups)},
      .digest = keys_.token(token)};
  for (Holder& other : holders_) {
    if (is_same(other.digest, added.digest)) {
      other.only = false;
      return false;
    }
  }
  holders_.push_back(std::move(added));
  return true;
}

std::optional<Caller> TokenSet::find(const Secret& token) const {
  const Digest digest = keys_.token(token);
  const Holder* found = nullptr;
  for (const Holder& each : holders_) {
    found = is_same(each.digest, digest) ? &each : found;
  }
  return found != nullptr && found->only ? std::optional(found->caller) : std::nullopt;
}

}  // namespace sfb::access
