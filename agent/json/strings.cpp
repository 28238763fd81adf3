// See strings.hpp.
#include "agent/json/strings.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace sfb::json {

void append_string(std::string& out, std::string_view text, Edition edition) {
  const std::string_view further = edition == Edition::windows_powershell_51 ? "'<>&" : "";
  out += '"';
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t start = pos;
    const char32_t c = next_code_point(text, pos);
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (c < 0x20 || c == 0x85 || c == 0x2028 || c == 0x2029 ||
            (c < 0x80 && further.find(static_cast<char>(c)) != std::string_view::npos)) {
          out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c));
        } else if (c == 0xFFFD) {
          append_utf8(out, c);  // also what was ill-formed
        } else {
          out += text.substr(start, pos - start);
        }
    }
  }
  out += '"';
}

std::string quoted(std::string_view text, Edition edition) {
  std::string out;
  append_string(out, text, edition);
  return out;
}

std::string date_json(std::string_view text, Edition edition) {
  if (edition == Edition::windows_powershell_51) {
    if (const auto time = parse_iso8601(text)) {
      // Cut towards 1970, as the framework does.
      return fmt::format(R"("\/Date({})\/")", time->time_since_epoch() / Micros(1'000));
    }
  }
  return quoted(text, edition);
}

std::string uri_json(std::string_view text, Edition edition) {
  if (edition != Edition::windows_powershell_51) {
    return quoted(text, edition);
  }
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool encoded =
        c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (is_letter(c) || is_digit(c) || encoded || kMarks.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

}  // namespace sfb::json
