#include "agent/base/fqdn.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb {

namespace {

std::unexpected<Error> no_fqdn(std::string_view text, std::string_view what) {
  return fail(Reason::parse, "fqdn.invalid",
              fmt::format("{} is not a host name: {}", quote(text, 80), what),
              "write labels of letters, digits and hyphens with dots between them");
}

bool is_label_character(char c) {
  return is_letter_or_digit(c) || c == '-';
}

}  // namespace

Result<Fqdn> Fqdn::parse(std::string_view text) {
  std::string name = to_lower(text);
  if (name.size() > 1 && name.ends_with('.')) {
    name.pop_back();
  }
  if (name.empty()) {
    return no_fqdn(text, "it is empty");
  }
  if (name.size() > 253) {
    return no_fqdn(text, "it is longer than 253 characters");
  }
  for (const std::string_view label : split(name, '.')) {
    if (label.empty()) {
      return no_fqdn(text, "a label is empty");
    }
    if (label.size() > 63) {
      return no_fqdn(text, "a label is longer than 63 characters");
    }
    if (label.front() == '-' || label.back() == '-') {
      return no_fqdn(text, "a label starts or ends with a hyphen");
    }
    if (!std::ranges::all_of(label, is_label_character)) {
      return no_fqdn(text, "only letters, digits, hyphens and dots are allowed");
    }
  }
  return Fqdn(name);
}

}  // namespace sfb
