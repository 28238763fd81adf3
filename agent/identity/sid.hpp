// Windows' security identifiers. Thread rule: values.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::identity {

/// One security identifier of revision 1 (MS-DTYP 2.4.2). Groups are compared by it and never by
/// name: names can be changed, and two domains may have the same.
class Sid {
 public:
  static constexpr std::size_t kMostParts = 15;

  /// `S-1-5-21-...`, each part decimal, at most 15 behind the authority; the authority may be
  /// hexadecimal as Windows writes one of 2^32 and more. The letter may be small.
  static std::optional<Sid> parse(std::string_view text);
  /// The packet form that directories and tickets hold, which fills `bytes` whole.
  static std::optional<Sid> from_bytes(std::string_view bytes);

  /// The account or group with that number in this domain; absent where there is no room for it.
  std::optional<Sid> with(std::uint32_t relative) const;

  std::string str() const;

  friend auto operator<=>(const Sid&, const Sid&) = default;
  friend bool operator==(const Sid&, const Sid&) = default;

 private:
  std::uint64_t authority_ = 0;  ///< 48 bits
  std::uint8_t count_ = 0;
  std::array<std::uint32_t, kMostParts> parts_{};  ///< zero behind `count_`
};

}  // namespace sfb::identity
