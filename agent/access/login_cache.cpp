#include "agent/access/login_cache.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <utility>

namespace sfb::access {

LoginKeys::LoginKeys() {
  std::string key(Digest().size(), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(key.data()), static_cast<int>(key.size())) != 1) {
    throw std::runtime_error("no random bytes for the keys of logins");
  }
  key_ = Secret(std::move(key));
}

Digest LoginKeys::account(std::string_view user, const Secret& hash) const {
  return of({user, hash.reveal()});
}

Digest LoginKeys::login(std::string_view user, const Secret& hash, const Secret& password) const {
  return of({user, hash.reveal(), password.reveal()});
}

Digest LoginKeys::token(const Secret& token) const {
  return of({token.reveal()});
}

Digest LoginKeys::of(std::initializer_list<std::string_view> parts) const {
  std::size_t size = 0;
  for (const std::string_view part : parts) {
    size += sizeof(std::uint64_t) + part.size();
  }
  std::string text;
  text.reserve(size);  // whole, so that wiping it wipes all
  for (const std::string_view part : parts) {
    for (unsigned shift = 0; shift < 64; shift += 8) {
      text += static_cast<char>((std::uint64_t{part.size()} >> shift) & 0xFFU);
    }
    text += part;
  }
  const Secret message(std::move(text));
  Digest digest{};
  const std::string_view key = key_.reveal();
  const std::string_view bytes = message.reveal();
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
           nullptr) == nullptr) {
    throw std::runtime_error("no HMAC for logins");  // else all logins would be one
  }
  return digest;
}

bool LoginCache::knows(const Digest& login) {
  const auto place = places_.find(login);
  if (place == places_.end()) {
    return false;
  }
  entries_.splice(entries_.begin(), entries_, place->second);
  return true;
}

void LoginCache::add(const Digest& login, const Digest& account) {
  if (most_ == 0 || knows(login)) {
    return;
  }
  if (entries_.size() == most_) {
    places_.erase(entries_.back().login);
    entries_.pop_back();
  }
  entries_.push_front({login, account});
  places_.emplace(login, entries_.begin());
}

void LoginCache::keep(const std::function<bool(const Digest& account)>& holds) {
  std::erase_if(entries_, [&](const Entry& entry) {
    const bool gone = !holds(entry.account);
    if (gone) {
      places_.erase(entry.login);
    }
    return gone;
  });
}

}  // namespace sfb::access
