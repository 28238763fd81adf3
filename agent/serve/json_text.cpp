#include "agent/serve/json_text.hpp"

#include "agent/base/json_string.hpp"

#include <fmt/format.h>

namespace sfb::serve {

std::string json_list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) {
    out += out.empty() ? "\n" : ",\n";
    out += item;
  }
  return out.empty() ? "[]" : '[' + out + "\n]";
}

JsonObject& JsonObject::add(std::string_view name, std::string_view text) {
  return add_raw(name, json_string(text));
}

JsonObject& JsonObject::add(std::string_view name, const std::optional<WallTime>& time) {
  return time ? add(name, format_iso8601(*time)) : add_null(name);
}

JsonObject& JsonObject::add_seconds(std::string_view name, std::optional<double> seconds) {
  if (!seconds) {
    return add_null(name);
  }
  std::string text = fmt::format("{:.6f}", *seconds);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) {
    text.pop_back();
  }
  return add_raw(name, text);
}

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view value) {
  members_ += members_.empty() ? "" : ",";
  members_ += json_string(name);
  members_ += ':';
  members_ += value;
  return *this;
}

}  // namespace sfb::serve
