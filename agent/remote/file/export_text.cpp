#include "agent/remote/file/export_text.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/remote/file/export_counts.hpp"
#include "agent/remote/plain_lines.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sfb::remote {

namespace {

// The script ends at 64 Ki characters, which are fewer bytes than this.
constexpr std::size_t kMostText = 256UL << 10U;
constexpr std::size_t kMostCulture = 32;
constexpr std::array kWidths = {80, 120};

ExportText left_out(std::string why) {
  return {{}, {}, std::move(why)};
}

// `de-DE`, `zh-Hans-CN`; the invariant culture has no name.
bool is_culture(std::string_view name) {
  return name.size() <= kMostCulture &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '-'; });
}

bool has_objects(const Graph& graph, const Value& wrapper) {
  return std::ranges::any_of(items_in(graph, find_member(graph, wrapper, "Output")),
                             [](const Value* item) { return !item->is_null(); });
}

}  // namespace

ExportText read_text_of(const Graph& graph, const Value& wrapper, PipelineState state) {
  const Value* const field = find_member(graph, wrapper, "Text");
  if (field == nullptr || field->is_null()) {
    return {};
  }
  if (state != PipelineState::completed) {
    return left_out("the command failed");
  }
  ExportText text;
  if (const Value* const culture = find_member(graph, *field, "Culture")) {
    if (culture->kind != Kind::string || !is_culture(culture->text)) {
      return left_out("Culture is not the name of a culture");
    }
    text.culture = culture->text;
  }
  for (const int width : kWidths) {
    const std::string name = fmt::format("Width{}", width);
    const Value* const given = find_member(graph, *field, name);
    if (given == nullptr) {
      continue;
    }
    if (given->kind != Kind::string) {
      return left_out(name + " is not a text");
    }
    if (given->text.size() > kMostText) {
      return left_out(fmt::format("{} is longer than {} bytes", name, kMostText));
    }
    if (trim(given->text).empty() == has_objects(graph, wrapper)) {
      return left_out(name + " is not the text of the objects in Output");
    }
    text.rendered.push_back({.form = {.width = width}, .text = as_plain_lines(given->text)});
  }
  if (text.rendered.empty()) {
    return left_out("it holds neither Width80 nor Width120");
  }
  return text;
}

}  // namespace sfb::remote
