// JSON as far as the control door and the journal write it.
#pragma once

#include "agent/base/json_string.hpp"

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace sim {

inline std::string json_text(const std::string& text) {
  return sfb::json_string(text);
}

/// Of a map from names to numbers or texts.
template <typename Map>
std::string object(const Map& map) {
  std::string out = "{";
  for (const auto& [name, value] : map) {
    out += out.size() > 1 ? ", " : "";
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(value)>>) {
      out += fmt::format("{}: {}", json_text(name), value);
    } else {
      out += fmt::format("{}: {}", json_text(name), json_text(value));
    }
  }
  return out + "}";
}

}  // namespace sim
