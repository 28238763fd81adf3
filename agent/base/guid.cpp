#include "agent/base/guid.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <cstddef>
#include <random>

namespace sfb {

namespace {

std::string format(const Guid& guid, std::string_view digits) {
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < guid.bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) {
      out += '-';
    }
    append_hex(out, guid.bytes[i], digits);
  }
  return out;
}

}  // namespace

std::string to_string(const Guid& guid) {
  return format(guid, kHexLower);
}

std::string to_upper(const Guid& guid) {
  return format(guid, kHexUpper);
}

std::optional<Guid> parse_guid(std::string_view text) {
  text = trim(text);
  if (istarts_with(text, "urn:")) {
    text.remove_prefix(4);
  }
  if (istarts_with(text, "uuid:")) {
    text.remove_prefix(5);
  }
  if (text.size() == 38 && text.front() == '{' && text.back() == '}') {
    text = text.substr(1, 36);
  }
  if (text.size() != 36) {
    return std::nullopt;
  }
  Guid guid;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i] != '-') {
        return std::nullopt;
      }
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) {
      return std::nullopt;
    }
    std::uint8_t& byte = guid.bytes.at(nibble / 2);
    byte = static_cast<std::uint8_t>(byte * 16 + value);
    ++nibble;
  }
  return guid;
}

Guid random_guid() {
  // random_device reads the kernel's generator: ids must not repeat over restarts and machines.
  thread_local std::random_device device;
  Guid guid;
  for (std::size_t i = 0; i < guid.bytes.size(); i += 4) {
    const std::uint32_t word = device();
    for (std::size_t k = 0; k < 4; ++k) {
      guid.bytes.at(i + k) = static_cast<std::uint8_t>(word >> (8 * k));
    }
  }
  guid.bytes[6] = static_cast<std::uint8_t>((guid.bytes[6] & 0x0FU) | 0x40U);
  guid.bytes[8] = static_cast<std::uint8_t>((guid.bytes[8] & 0x3FU) | 0x80U);
  return guid;
}

}  // namespace sfb
