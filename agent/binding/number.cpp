#include "agent/binding/number.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace sfb::binding {

namespace {

// What a number ends with may say its type, then by how much it counts.
bool is_suffix(std::string_view rest) {
  constexpr std::array<std::string_view, 5> kMultiples = {"kb", "mb", "gb", "tb", "pb"};
  if (!rest.empty() && (lower(rest.front()) == 'l' || lower(rest.front()) == 'd')) {
    rest.remove_prefix(1);
  }
  return rest.empty() || std::ranges::any_of(kMultiples, [&](std::string_view multiple) {
           return iequals(rest, multiple);
         });
}

// The digits at the start of `rest`, which moves behind them.
template <typename IsDigit>
std::string_view take(std::string_view& rest, IsDigit is_one) {
  const auto end = std::ranges::find_if_not(rest, is_one);
  const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

// Behind digits: `e3`, `E-3`. What is none is left.
void take_exponent(std::string_view& rest) {
  if (rest.empty() || lower(rest.front()) != 'e') {
    return;
  }
  std::string_view power = rest.substr(1);
  if (power.starts_with('+') || power.starts_with('-')) {
    power.remove_prefix(1);
  }
  if (!take(power, is_digit).empty()) {
    rest = power;
  }
}

}  // namespace

bool is_number(std::string_view word) {
  if (istarts_with(word, "0x")) {
    word.remove_prefix(2);
    return !take(word, is_hex).empty() && is_suffix(word);
  }
  bool digits = !take(word, is_digit).empty();
  if (word.starts_with('.')) {
    word.remove_prefix(1);
    digits = !take(word, is_digit).empty() || digits;
  }
  if (!digits) {
    return false;
  }
  take_exponent(word);
  return is_suffix(word);
}

bool is_nonzero(std::string_view number) {
  const bool hex = istarts_with(number, "0x");
  number.remove_prefix(hex ? 2 : 0);
  // Neither the exponent nor the multiple makes anything of nothing.
  const std::string_view digits =
      hex ? take(number, is_hex) : take(number, [](char c) { return is_digit(c) || c == '.'; });
  return std::ranges::any_of(digits, [](char c) { return c != '0' && c != '.'; });
}

}  // namespace sfb::binding
