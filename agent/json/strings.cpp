// See strings.hpp.
#include "agent/json/strings.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/json_string.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>

namespace sfb::json {

void append_string(std::string& out, std::string_view text, Edition edition) {
  append_json_string(out, text,
                     edition == Edition::windows_powershell_51 ? JsonEscapes::powershell_51
                                                               : JsonEscapes::powershell_7);
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
