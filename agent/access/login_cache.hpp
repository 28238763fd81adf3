// What is remembered of logins: never a password, only keyed digests. Pure.
#pragma once

#include "agent/base/secret.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <list>
#include <string_view>
#include <unordered_map>

namespace sfb::access {

/// HMAC-SHA-256.
using Digest = std::array<unsigned char, 32>;

/// The digests spread evenly and their key is secret, so any part of one serves.
struct DigestHash {
  std::size_t operator()(const Digest& digest) const {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof(value));
    return value;
  }
};

/// Makes digests with a random key that is this object's own, so that nobody can make or check one
/// outside the process. Each part counts with its length: no two lists of parts run together.
class LoginKeys {
 public:
  /// Throws where the system has no randomness.
  LoginKeys();
  /// A user with a hash.
  Digest account(std::string_view user, const Secret& hash) const;
  /// The same with a password.
  Digest login(std::string_view user, const Secret& hash, const Secret& password) const;
  /// A token of a machine.
  Digest token(const Secret& token) const;

 private:
  Digest of(std::initializer_list<std::string_view> parts) const;
  Secret key_;
};

/// The last used logins of one kind, good or bad. Thread rule: a value of one owner.
class LoginCache {
 public:
  explicit LoginCache(std::size_t most) : most_(most) {}

  /// A login that is known becomes the newest.
  bool knows(const Digest& login);
  /// The oldest goes when there are too many.
  void add(const Digest& login, const Digest& account);
  /// Forgets those whose account does not hold any more.
  void keep(const std::function<bool(const Digest& account)>& holds);
  std::size_t size() const { return places_.size(); }

 private:
  struct Entry {
    Digest login;
    Digest account;
  };
  std::size_t most_;
  std::list<Entry> entries_;  ///< newest first
  std::unordered_map<Digest, std::list<Entry>::iterator, DigestHash> places_;
};

}  // namespace sfb::access
