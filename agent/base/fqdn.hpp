// A fully qualified (or single label) host or pool name, checked and in one spelling.
#pragma once

#include "agent/base/common_text.hpp"
#include "agent/base/error.hpp"

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace sfb {

/// Lower case, without a trailing dot, at most 253 characters. Labels have 1 to 63 letters, digits
/// and hyphens, with no hyphen at either end. One label is enough.
class Fqdn {
 public:
  /// Reason::parse, code `fqdn.invalid`, with what is wrong in the message.
  static Result<Fqdn> parse(std::string_view text);

  const std::string& str() const { return name_.str(); }
  auto operator<=>(const Fqdn&) const = default;

 private:
  explicit Fqdn(std::string_view name) : name_(name) {}
  CommonText name_;
};

}  // namespace sfb

template <>
struct std::hash<sfb::Fqdn> {
  std::size_t operator()(const sfb::Fqdn& fqdn) const noexcept {
    return std::hash<std::string>{}(fqdn.str());
  }
};
