// JSON as far as the control door and the journal write it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace sim {

inline std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Of a map from names to numbers or texts.
template <typename Map>
std::string object(const Map& map) {
  std::string out = "{";
  for (const auto& [name, value] : map) {
    out += out.size() > 1 ? ", " : "";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      out += fmt::format("{}: {}", quoted(name), value);
    } else {
      out += fmt::format("{}: {}", quoted(name), quoted(value));
    }
  }
  return out + "}";
}

}  // namespace sim
