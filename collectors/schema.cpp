#include "collectors/schema.hpp"

#include "agent/base/json_string.hpp"

#include <fmt/format.h>

namespace sfb::collectors::schema {

namespace {

std::string described(std::string_view members, std::string_view about) {
  return about.empty() ? fmt::format("{{{}}}", members)
                       : fmt::format("{{{},\"description\":{}}}", members, json_string(about));
}

std::string typed(std::string_view type, std::string_view about) {
  return described(fmt::format("\"type\":{}", type), about);
}

template <typename Items, typename Text>
std::string joined(const Items& items, Text text) {
  std::string all;
  for (const auto& item : items) {
    all += all.empty() ? "" : ",";
    all += text(item);
  }
  return all;
}

std::string properties(Members members) {
  return joined(members, [](const auto& member) {
    return fmt::format("{}:{}", json_string(member.first), member.second);
  });
}

}  // namespace

std::string of(std::string_view type, std::string_view about) {
  return typed(json_string(type), about);
}

std::string nullable(std::string_view type, std::string_view about) {
  return typed(fmt::format("[{},\"null\"]", json_string(type)), about);
}

std::string time(std::string_view about) {
  return typed(R"("string","format":"date-time")", about);
}

std::string nullable_time(std::string_view about) {
  return typed(R"(["string","null"],"format":"date-time")", about);
}

std::string words(std::initializer_list<std::string_view> words, std::string_view about) {
  const std::string all = joined(words, [](std::string_view word) { return json_string(word); });
  return typed(fmt::format(R"("string","enum":[{}])", all), about);
}

std::string list(std::string_view items, std::string_view about) {
  return typed(fmt::format(R"("array","items":{})", items), about);
}

std::string or_null(std::string_view schema) {
  return fmt::format(R"({{"anyOf":[{},{{"type":"null"}}]}})", schema);
}

std::string refer_to(std::string_view pointer) {
  return fmt::format("{{\"$ref\":{}}}", json_string(pointer));
}

std::string object(Members members, std::string_view about) {
  const std::string names =
      joined(members, [](const auto& member) { return json_string(member.first); });
  return typed(
      fmt::format(R"("object","properties":{{{}}},"required":[{}])", properties(members), names),
      about);
}

std::string optional_members(Members members, std::string_view about) {
  return typed(fmt::format(R"("object","properties":{{{}}})", properties(members)), about);
}

std::string map_of(std::string_view schema, std::string_view about) {
  return typed(fmt::format(R"("object","additionalProperties":{})", schema), about);
}

std::string all_of(std::initializer_list<std::string> schemas, std::string_view about) {
  return described(
      fmt::format("\"allOf\":[{}]", joined(schemas, [](const std::string& each) { return each; })),
      about);
}

}  // namespace sfb::collectors::schema
