#include "collectors/shapes.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sfb::collectors {

std::optional<Fqdn> host_in(std::string_view text) {
  text = trim(text);
  // What a serialiser leaves of an object that lay too deep: its type looks like a host name.
  if (text.starts_with("System.") || text.starts_with("Microsoft.Rtc.")) {
    return std::nullopt;
  }
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    if (iequals(text.substr(0, colon), "Site")) {
      return std::nullopt;
    }
    text.remove_prefix(colon + 1);
  }
  const std::size_t dot = text.rfind('.', text.ends_with('.') ? text.size() - 2 : text.npos);
  if (text.size() < 3 || dot == std::string_view::npos) {
    return std::nullopt;
  }
  const bool has_letter = std::ranges::any_of(
      text.substr(dot), [](char c) { return is_letter_or_digit(c) && (c < '0' || c > '9'); });
  auto name = has_letter ? Fqdn::parse(text) : std::unexpected(Error{});
  return name ? std::optional(std::move(*name)) : std::nullopt;
}

std::vector<std::string_view> texts_of(const Graph& graph, const Value& value) {
  std::vector<std::string_view> texts;
  const Value* const list = unwrap_counted(graph, value);
  for (const Value* const item : items_of(graph, list == nullptr ? value : *list)) {
    if (const auto text = plain_text(graph, *item)) {
      // As PowerShell writes it.
      const bool is_true = item->kind == Kind::boolean && iequals(*text, "true");
      texts.push_back(is_true ? "True" : item->kind == Kind::boolean ? "False" : *text);
    }
  }
  return texts;
}

std::vector<Member> member_texts(const Graph& graph, const Value& value) {
  std::vector<Member> members;
  for (const Property* const property : visible_properties(graph, value)) {
    members.push_back({property->name, texts_of(graph, property->value)});
  }
  const Object* const object = graph.object(value);
  if (object != nullptr && object->collection) {
    for (const auto& [key, entry] : object->collection->entries) {
      members.push_back({plain_text(graph, key).value_or(""), texts_of(graph, entry)});
    }
  }
  if (members.empty() && plain_text(graph, value)) {
    members.push_back({{}, texts_of(graph, value)});
  }
  return members;
}

std::string shown(const std::vector<Member>& members) {
  std::string text;
  for (const Member& member : members) {
    if (text.size() > kPeerText) {
      break;
    }
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", member.name,
                        fmt::join(member.texts, ", "));
  }
  return std::string(cut_utf8(text));
}

}  // namespace sfb::collectors
