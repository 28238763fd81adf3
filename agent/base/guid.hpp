// GUIDs, the names of shells, pipelines and messages.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sfb {

/// 16 bytes in the order of the text form (RFC 9562). PSRP's wire order is known to psrp only.
struct Guid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Guid&) const = default;
  bool is_zero() const { return *this == Guid{}; }
};

/// `455a5aed-94d0-4af6-abd3-19a609385c25`.
std::string to_string(const Guid& guid);
/// The same in upper case, as WS-Management clients write ids.
std::string to_upper(const Guid& guid);
/// Either case, with or without braces and `uuid:`; nullopt for anything else.
std::optional<Guid> parse_guid(std::string_view text);

/// Where new ids come from: the seam for tests.
using GuidSource = std::function<Guid()>;
/// A random one (version 4). Thread rule: any thread.
Guid random_guid();

}  // namespace sfb
