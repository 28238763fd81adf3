#include "agent/remote/plain_lines.hpp"

#include <cstddef>

namespace sfb::remote {

namespace {

// Where `text` at `at` has a colour as PowerShell 7 writes it (ESC [ 32;1 m), the length of that;
// else 0.
std::size_t colour_at(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("\x1b[")) {
    return 0;
  }
  const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 - at : 0;
}

}  // namespace

std::string as_plain_lines(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t colour = colour_at(text, at); colour > 0) {
      at += colour;
      continue;
    }
    if (!text.substr(at).starts_with("\r\n")) {
      out += text[at];
    }
    ++at;
  }
  return out;
}

}  // namespace sfb::remote
