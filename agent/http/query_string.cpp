#include "agent/http/query_string.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <utility>

namespace sfb::http {

namespace {

bool is_unreserved(char c) {
  return is_name_character(c) || c == '~';
}

Result<std::string> decode_utf8_part(std::string_view part) {
  auto decoded = percent_decode(part, Plus::blank);
  if (decoded && !is_utf8(*decoded)) {
    return fail(Reason::parse, "url.utf8", "a part of the query is not UTF-8",
                "encode the text as UTF-8, then as %XX", std::string(part));
  }
  return decoded;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus == Plus::blank) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(Reason::parse, "url.escape", "a % is not followed by two hex digits",
                    "write a percent sign as %25", std::string(text));
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') {
      return fail(Reason::parse, "url.nul", "a NUL character is not allowed", "leave out %00",
                  std::string(text));
    }
    out += c;
  }
  return out;
}

Result<std::vector<QueryItem>> parse_query(std::string_view query) {
  std::vector<QueryItem> items;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) {
      continue;
    }
    const std::size_t equals = part.find('=');
    auto name = decode_utf8_part(part.substr(0, equals));
    if (!name) {
      return std::unexpected(std::move(name.error()));
    }
    QueryItem item{std::move(*name), std::nullopt};
    if (equals != std::string_view::npos) {
      auto value = decode_utf8_part(part.substr(equals + 1));
      if (!value) {
        return std::unexpected(std::move(value.error()));
      }
      item.value = std::move(*value);
    }
    items.push_back(std::move(item));
  }
  return items;
}

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      out += '%';
      append_hex(out, static_cast<std::uint8_t>(c), kHexUpper);
    }
  }
  return out;
}

}  // namespace sfb::http
