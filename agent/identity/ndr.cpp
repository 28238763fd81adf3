#include "agent/identity/ndr.hpp"

#include "agent/base/text.hpp"

namespace sfb::identity {

std::string_view Ndr::take(std::size_t size) {
  if (!good_ || bytes_.size() - at_ < size) {
    good_ = false;
    return {};
  }
  const std::string_view taken = bytes_.substr(at_, size);
  at_ += size;
  return taken;
}

std::uint64_t Ndr::number(std::size_t size) {
  take((size - at_ % size) % size);
  std::uint64_t value = 0;
  const std::string_view taken = take(size);
  for (std::size_t i = taken.size(); i-- > 0;) {
    value = value << 8U | static_cast<std::uint8_t>(taken[i]);
  }
  return value;
}

std::uint32_t Ndr::elements(std::uint32_t announced, std::size_t size) {
  const std::uint32_t count = u32();
  if (!good_ || count != announced || (bytes_.size() - at_) / size < count) {
    good_ = false;
    return 0;
  }
  return count;
}

std::string Ndr::text(std::uint16_t length) {
  const std::uint32_t room = u32();
  const std::uint32_t offset = u32();
  const std::uint32_t units = u32();
  if (!good_ || offset != 0 || units > room || length % 2 != 0 || length / 2U > units ||
      (bytes_.size() - at_) / 2 < units) {
    good_ = false;
    return {};
  }
  std::u16string text;
  text.reserve(units);
  for (std::uint32_t i = 0; i < units; ++i) {
    text.push_back(static_cast<char16_t>(u16()));
  }
  text.resize(length / 2U);
  return from_utf16(text);
}

std::optional<Sid> Ndr::sid() {
  const std::uint32_t parts = u32();
  if (parts > Sid::kMostParts) {
    good_ = false;
    return std::nullopt;
  }
  const std::optional<Sid> sid = Sid::from_bytes(take(8 + 4UL * parts));
  good_ = good_ && sid.has_value();
  return sid;
}

}  // namespace sfb::identity
