// The few lines of JSON that our own answers need (problem details, the API), written in order.
#pragma once

#include "agent/base/time.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

/// Items between brackets, one a line: `[\n a,\n b\n]`; `[]` without any.
std::string json_list(const std::vector<std::string>& items);

/// One object on one line, members in the order they are added.
class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view text);
  JsonObject& add(std::string_view name, const char* text) {
    return add(name, std::string_view(text));
  }
  JsonObject& add(std::string_view name, std::same_as<bool> auto value) {
    return add_raw(name, value ? "true" : "false");
  }
  JsonObject& add(std::string_view name, std::same_as<std::uint64_t> auto number) {
    return add_raw(name, std::to_string(number));
  }
  JsonObject& add_null(std::string_view name) { return add_raw(name, "null"); }
  /// null when absent.
  JsonObject& add(std::string_view name, const std::optional<WallTime>& time);
  /// Left out when empty.
  JsonObject& add_known(std::string_view name, std::string_view text) {
    return text.empty() ? *this : add(name, text);
  }
  /// In seconds, to the microsecond; null when absent.
  JsonObject& add_seconds(std::string_view name, std::optional<double> seconds);
  /// `value` is JSON already.
  JsonObject& add_raw(std::string_view name, std::string_view value);

  std::string str() const { return '{' + members_ + '}'; }

 private:
  std::string members_;
};

}  // namespace sfb::serve
