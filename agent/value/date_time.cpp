#include "agent/value/date_time.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <charconv>
#include <chrono>
#include <cstdint>

namespace sfb {

Result<WallTime> parse_date_time(std::string_view text) {
  constexpr std::string_view kPrefix = "/Date(";
  if (!text.starts_with(kPrefix)) {
    return parse_iso8601(text);
  }
  std::int64_t milliseconds = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data() + kPrefix.size(), end, milliseconds);
  // 9999-12-31 in milliseconds: what .NET can hold.
  constexpr std::int64_t kMost = 253'402'300'799'999;
  if (error != std::errc{} || at == end || *at != ')' || milliseconds < 0 || milliseconds > kMost) {
    return parse_iso8601(text);
  }
  return WallTime(std::chrono::milliseconds(milliseconds));
}

std::optional<WallTime> as_date_time(const Graph& graph, const Value& value) {
  const Value* date = &value;
  if (const Object* const object = graph.object(value)) {
    // Its ToString is a text for people, so the wrapped date goes first.
    date = object->base ? &*object->base : find_member(graph, value, "value");
  }
  if (date == nullptr || (date->kind != Kind::date_time && date->kind != Kind::string)) {
    return std::nullopt;
  }
  const auto time = parse_date_time(trim(date->text));
  return time && time->time_since_epoch().count() >= 0 ? std::optional(*time) : std::nullopt;
}

}  // namespace sfb
