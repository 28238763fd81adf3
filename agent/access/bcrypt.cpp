#include "agent/access/bcrypt.hpp"

#include <crypt.h>
#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace sfb::access {

namespace {

constexpr std::size_t kMostBytes = 72;  // bcrypt looks at no more
constexpr std::size_t kWhole = 60;      // `$2b$10$`, 22 characters of salt, 31 of digest
constexpr std::size_t kDigest = 31;

struct WipeCryptData {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof(*data));
    delete data;  // NOLINT: of the unique_ptr
  }
};

}  // namespace

bool bcrypt_matches(const Secret& password, const Secret& hash) {
  const std::string_view text = password.reveal();
  const std::string_view known = hash.reveal();
  if (known.size() != kWhole || !known.starts_with("$2") || known[2] == 'x') {
    return false;
  }
  // libcrypt ends at a NUL: what stands before one must not pass for the whole.
  const std::size_t end = text.find('\0');
  const Secret phrase(std::string(text.substr(0, std::min({end, kMostBytes, text.size()}))));
  const Secret setting{std::string(known)};
  const std::unique_ptr<crypt_data, WipeCryptData> data(new crypt_data());
  const char* const made = crypt_rn(phrase.reveal().data(), setting.reveal().data(), data.get(),
                                    static_cast<int>(sizeof(crypt_data)));
  if (made == nullptr || std::string_view(made).size() != kWhole) {
    return false;
  }
  // The digests alone: libcrypt writes the last character of a salt in its one canonical form.
  const bool equal =
      CRYPTO_memcmp(made + (kWhole - kDigest), known.substr(kWhole - kDigest).data(), kDigest) == 0;
  return equal && end == std::string_view::npos;
}

Secret dummy_hash(int cost) {
  return Secret(
      fmt::format("$2b${:02}${}{}", cost, std::string(22, '.'), std::string(kDigest, '.')));
}

}  // namespace sfb::access
