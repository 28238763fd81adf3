#include "config/web_fields.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sfb::config {

namespace {

using std::chrono::nanoseconds;

struct GoUnit {
  std::string_view name;
  double nanoseconds;
};
// Longer names first where one begins with another.
constexpr std::array kGoUnits = {GoUnit{"ns", 1},    GoUnit{"us", 1e3}, GoUnit{"\xC2\xB5s", 1e3},
                                 GoUnit{"ms", 1e6},  GoUnit{"s", 1e9},  GoUnit{"m", 60e9},
                                 GoUnit{"h", 3600e9}};
constexpr double kMostNanoseconds = 24 * 3600e9;

// `1.5`, `.5`, `2.`; digits only, so that `1e3`, `inf` and a sign are none.
std::string_view number_of(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, [](char c) { return is_digit(c) || c == '.'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::optional<nanoseconds> parse_go_duration(std::string_view text) {
  if (text == "0") {
    return nanoseconds(0);
  }
  double total = 0;
  bool any = false;
  while (!text.empty()) {
    const std::string_view number = number_of(text);
    double value = 0;
    const auto [after, error] = std::from_chars(number.data(), number.data() + number.size(), value,
                                                std::chars_format::fixed);
    if (error != std::errc{} || after != number.data() + number.size()) {
      return std::nullopt;
    }
    text.remove_prefix(number.size());
    const auto* const unit = std::ranges::find_if(
        kGoUnits, [&](const GoUnit& each) { return text.starts_with(each.name); });
    if (unit == kGoUnits.end()) {
      return std::nullopt;
    }
    text.remove_prefix(unit->name.size());
    total += value * unit->nanoseconds;
    any = true;
  }
  if (!any || !(total <= kMostNanoseconds)) {
    return std::nullopt;
  }
  return nanoseconds(static_cast<nanoseconds::rep>(total));
}

bool is_absent(Section& section, std::string_view name) {
  const Node* const value = section.find(name);
  return value == nullptr || value->kind == Node::Kind::null ||
         (value->kind == Node::Kind::scalar && value->text.empty());
}

}  // namespace

std::optional<std::string> optional_text(Section& section, std::string_view name) {
  return is_absent(section, name) ? std::nullopt : section.text(name);
}

std::optional<bool> optional_boolean(Section& section, std::string_view name) {
  constexpr std::array<std::string_view, 4> kYes = {"true", "yes", "on", "y"};
  constexpr std::array<std::string_view, 4> kNo = {"false", "no", "off", "n"};
  const auto text = optional_text(section, name);
  if (!text) {
    return std::nullopt;
  }
  const std::string word = to_lower(*text);
  if (std::ranges::find(kYes, word) != kYes.end()) {
    return true;
  }
  if (std::ranges::find(kNo, word) != kNo.end()) {
    return false;
  }
  section.problem(name, fmt::format("{} is not a truth value", quote(*text, 60)),
                  "must be true or false");
  return std::nullopt;
}

std::optional<std::vector<std::string>> optional_texts(Section& section, std::string_view name) {
  const Node* const value = section.find(name);
  return value == nullptr || value->kind == Node::Kind::null ? std::nullopt : section.texts(name);
}

std::optional<nanoseconds> go_duration(Section& section, std::string_view name) {
  const auto text = optional_text(section, name);
  if (!text) {
    return std::nullopt;
  }
  const auto duration = parse_go_duration(*text);
  if (!duration) {
    const bool bare = std::ranges::all_of(*text, is_digit);
    section.problem(name,
                    bare ? fmt::format("{} has no unit", quote(*text, 60))
                         : fmt::format("{} is no time from 0 to 24h", quote(*text, 60)),
                    "write a number and one of ns, us, ms, s, m, h, for example 1s or 250ms");
  }
  return duration;
}

}  // namespace sfb::config
