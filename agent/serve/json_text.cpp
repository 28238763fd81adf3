// Writing JSON: quoting and joining, no more.
#include "agent/serve/json_text.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <iterator>

namespace sfb::serve {

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : to_utf8_lossy(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string json_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    out += out.empty() ? "\n" : ",\n";
    out += item;
  }
  return out.empty() ? "[]" : '[' + out + "\n]";
}

JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
  return add_raw(name, json_quote(text));
}

JsonObject& JsonObject::add_seconds(std::string_view name, double seconds) {
  std::string text = fmt::format("{:.6f}", seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return add_raw(name, text);
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view value) {
  members_ += members_.empty() ? "" : ",";
  members_ += json_quote(name);
  members_ += ':';
  members_ += value;
  return *this;
}

}  // namespace sfb::serve
