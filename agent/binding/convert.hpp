// From one argument to one parameter's value, with PowerShell's words where it does not fit.
#pragma once

#include "agent/binding/binding.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace sfb::binding {

/// What is wrong with an argument; bind.cpp adds the place and the cmdlet.
struct Fault {
  std::string message;
  std::string_view id;  ///< FullyQualifiedErrorId without the class
  std::string_view category = "InvalidArgument";
  std::string_view exception = "ParameterBindingException";
};

/// The value a token means for a parameter.
std::expected<Bound, Fault> convert(const Parameter& parameter, const Token& value,
                                    const Policy& policy);

/// A caller's own words for an error text: escape sequences made visible, and no longer than 300
/// bytes. Anything that is a name or a number stays as it was typed.
std::string echoed(std::string_view text);

/// The argument as an error text names it: a string's text, `True`, `$null`, `System.Object[]`.
std::string argument_text(const Token& value);

}  // namespace sfb::binding
