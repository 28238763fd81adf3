// The conversions of PowerShell's binder for the few types the cmdlet has. The words and the odd
// details (a trailing blank, an enum list that is OR-ed) are the engine's own.
#include "agent/binding/convert.hpp"

#include "agent/base/text.hpp"
#include "agent/binding/number.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace sfb::binding {

namespace {

using Kind = Token::Kind;

constexpr std::string_view kValidation = "ParameterBindingValidationException";

std::unexpected<Fault> fail(Fault fault) {
  return std::unexpected(std::move(fault));
}

std::string_view type_of(const Token& value) {
  switch (value.kind) {
    case Kind::number:
      return "System.Int32";
    case Kind::boolean:
      return "System.Boolean";
    case Kind::list:
      return "System.Object[]";
    default:
      return "System.String";
  }
}

// The binder's own refusal: by type, without looking at the text. `detail` may be empty, the blank
// before it stays.
std::unexpected<Fault> wrong_type(const Parameter& parameter, const Token& value,
                                  std::string_view detail) {
  return fail(
      {.message = fmt::format("Cannot convert '{}' to the type '{}' required by parameter '{}'. {}",
                              type_of(value), parameter.type_name, parameter.name, detail),
       .id = "CannotConvertArgument"});
}

// A conversion that was tried and did not work out.
std::unexpected<Fault> wrong_value(const Parameter& parameter, std::string_view value,
                                   std::string_view detail) {
  return fail({.message = fmt::format("Cannot bind parameter '{}'. Cannot convert value \"{}\" to "
                                      "type \"{}\"{}",
                                      parameter.name, echoed(value), parameter.type_name, detail),
               .id = "CannotConvertArgumentNoMessage"});
}

std::unexpected<Fault> wrong_value_because(const Parameter& parameter, std::string_view value,
                                           std::string_view reason) {
  return wrong_value(parameter, value, fmt::format(". Error: \"{}\"", reason));
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && at == end ? std::optional(number) : std::nullopt;
}

// [ValidateNotNullOrEmpty]
std::unexpected<Fault> nothing_given(const Parameter& parameter) {
  return fail({.message = fmt::format("Cannot validate argument on parameter '{}'. The argument "
                                      "is null or empty. Provide an argument that is not null or "
                                      "empty, and then try the command again.",
                                      parameter.name),
               .id = "ParameterArgumentValidationError",
               .category = "InvalidData",
               .exception = kValidation});
}

std::expected<Bound, Fault> to_text(const Parameter& parameter, const Token& value) {
  if (value.kind == Kind::list) {
    return wrong_type(parameter, value, "Specified method is not supported.");
  }
  const std::string text = value.kind == Kind::null ? std::string{} : argument_text(value);
  if (text.empty() && parameter.not_empty) {
    return nothing_given(parameter);
  }
  if (text.empty() && parameter.mandatory) {
    const bool null = value.kind == Kind::null;
    return fail(
        {.message = fmt::format("Cannot bind argument to parameter '{}' because it is {}.",
                                parameter.name, null ? "null" : "an empty string"),
         .id = null ? std::string_view("ParameterArgumentValidationErrorNullNotAllowed")
                    : std::string_view("ParameterArgumentValidationErrorEmptyStringNotAllowed"),
         .category = "InvalidData",
         .exception = kValidation});
  }
  return Bound{parameter.name, text, false};
}

std::expected<Bound, Fault> to_flag(const Parameter& parameter, const Token& value) {
  switch (value.kind) {
    case Kind::boolean:
      return Bound{parameter.name, {}, value.text == "true"};
    case Kind::number:
      return Bound{parameter.name, {}, is_nonzero(value.text)};
    case Kind::null:
      if (parameter.type == ParameterType::switch_flag) {
        return Bound{parameter.name, {}, true};  // a switch is on by being named
      }
      return fail(
          {.message = fmt::format("Cannot bind argument to parameter '{}' because it is null.",
                                  parameter.name),
           .id = "ParameterArgumentValidationErrorNullNotAllowed"});
    default:
      return wrong_type(parameter, value, "");
  }
}

// Nothing is 0, a fraction goes to the even neighbour.
std::optional<double> rounded(std::string_view text) {
  text = trim(text);
  text.remove_prefix(text.starts_with('+') ? 1 : 0);
  if (text.find_first_not_of("0123456789.-") != std::string_view::npos) {
    return std::nullopt;  // from_chars knows `nan`
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  return text.empty() || (error == std::errc{} && at == end) ? std::optional(std::nearbyint(number))
                                                             : std::nullopt;
}

// An Int32 of 0 or more: the only integer among the parameters is OutBuffer.
std::expected<Bound, Fault> to_integer(const Parameter& parameter, const Token& value) {
  const auto invalid = [&](std::string_view reason) {
    return fail({.message = fmt::format("Cannot validate argument on parameter '{}'. {} and then "
                                        "try the command again.",
                                        parameter.name, reason),
                 .id = "ParameterArgumentValidationError",
                 .category = "InvalidData",
                 .exception = kValidation});
  };
  if (value.kind == Kind::list) {
    return wrong_type(parameter, value, "Specified method is not supported.");
  }
  if (value.kind == Kind::null) {
    return invalid(
        "The argument is null, empty, or an element of the argument collection contains a null "
        "value. Supply a collection that does not contain any null values");
  }
  if (value.kind == Kind::boolean) {
    return Bound{parameter.name, value.text == "true" ? "1" : "0", false};
  }
  const auto number = rounded(value.text);
  if (!number) {
    return wrong_value_because(parameter, value.text, "Input string was not in a correct format.");
  }
  if (std::abs(*number) > std::numeric_limits<std::int32_t>::max()) {
    return wrong_value_because(parameter, value.text,
                               "Value was either too large or too small for an Int32.");
  }
  if (*number < 0) {
    return invalid(
        fmt::format("The {:.0f} argument is less than the minimum allowed range of 0. "
                    "Supply an argument that is greater than or equal to 0",
                    *number));
  }
  return Bound{parameter.name, fmt::format("{:.0f}", std::abs(*number)), false};
}

// A list of whole names, OR-ed even where the enum is no set of flags; nothing if a name is
// unknown.
std::optional<std::uint64_t> whole_names(const Parameter& parameter, std::string_view value) {
  std::uint64_t number = 0;
  for (const std::string_view part : split(value, ',')) {
    const auto found = std::ranges::find_if(
        parameter.enumerators, [&](std::string_view name) { return iequals(name, trim(part)); });
    if (found == parameter.enumerators.end()) {
      return std::nullopt;
    }
    number |= static_cast<std::uint64_t>(found - parameter.enumerators.begin());
  }
  return number;
}

// The name that begins with all of `value`: its number, the place among the declared ones.
std::expected<std::uint64_t, Fault> begun_name(const Parameter& parameter, std::string_view value) {
  std::vector<std::string_view> found;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < parameter.enumerators.size(); ++i) {
    if (istarts_with(parameter.enumerators[i], value)) {
      found.emplace_back(parameter.enumerators[i]);
      number = i;
    }
  }
  if (found.size() == 1) {
    return number;
  }
  if (found.empty()) {
    return wrong_value_because(
        parameter, value,
        fmt::format("Unable to match the identifier name {} to a valid enumerator name. Specify "
                    "one of the following enumerator names and try again:\n{}",
                    echoed(value), fmt::join(parameter.enumerators, ", ")));
  }
  return wrong_value_because(
      parameter, value,
      fmt::format("The identifier name {} cannot be processed because it is either too similar or "
                  "identical to the following enumerator names: {}. Use a more specific identifier "
                  "name.",
                  echoed(value), fmt::join(found, ", ")));
}

// What PowerShell does not say: our own refusals, in its shape.
std::optional<std::string> refusal(const Parameter& parameter, const Token& value,
                                   const Policy& policy) {
  std::string_view reason;
  if (policy.refuse_enum_lists &&
      (value.kind == Kind::list || value.text.find(',') != std::string::npos)) {
    reason = "Only one enumerator name can be given.";
  } else if (policy.refuse_enum_numbers && (value.kind == Kind::number || integer_of(value.text))) {
    reason = "The numbers of this enumeration are not known.";
  } else {
    return std::nullopt;
  }
  return fmt::format("{} Specify one of the following enumerator names and try again:\n{}", reason,
                     fmt::join(parameter.enumerators, ", "));
}

std::expected<Bound, Fault> to_enumeration(const Parameter& parameter, const Token& value,
                                           const Policy& policy) {
  const auto allowed = [&](std::string_view start) {
    return fmt::format(
        "{}due to enumeration values that are not valid. Specify one of the following enumeration "
        "values and try again. The possible enumeration values are \"{}\".",
        start, fmt::join(parameter.enumerators, ","));
  };
  if (value.kind == Kind::null) {
    return fail(
        {.message = fmt::format("Cannot bind parameter '{0}' to the target. Exception "
                                "setting \"{0}\": \"Cannot convert null to type \"{1}\"{2}\"",
                                parameter.name, parameter.type_name, allowed(" ")),
         .id = "ParameterBindingFailed",
         .category = "WriteError"});
  }
  const std::string text = argument_text(
      {.kind = value.kind == Kind::list ? Kind::literal : value.kind, .text = value.text});
  if (text.empty() && parameter.not_empty) {
    return nothing_given(parameter);  // else every name would begin with it
  }
  if (value.kind == Kind::boolean) {
    return wrong_value_because(
        parameter, text,
        fmt::format("Invalid cast from 'System.Boolean' to '{}'.", parameter.type_name));
  }
  if (const auto reason = refusal(parameter, value, policy)) {
    return wrong_value_because(parameter, text, *reason);
  }
  std::uint64_t number = 0;
  if (const auto given = integer_of(text)) {
    number = static_cast<std::uint64_t>(*given);  // a negative one becomes too large: refused below
  } else if (const auto names = whole_names(parameter, text)) {
    number = *names;
  } else if (const auto begun = begun_name(parameter, text)) {
    number = *begun;
  } else {
    return std::unexpected(begun.error());
  }
  if (number >= parameter.enumerators.size()) {
    return wrong_value(parameter, text, allowed(" "));
  }
  return Bound{parameter.name, parameter.enumerators[number], false};
}

}  // namespace

std::string echoed(std::string_view text) {
  constexpr std::size_t kMost = 300;
  const std::string_view shown = cut_utf8(text, kMost);
  return visible(shown) + (shown.size() < text.size() ? "..." : "");
}

std::string argument_text(const Token& value) {
  switch (value.kind) {
    case Kind::boolean:
      return value.text == "true" ? "True" : "False";
    case Kind::null:
      return "$null";
    case Kind::list:
      return "System.Object[]";
    default:
      return value.text;
  }
}

std::expected<Bound, Fault> convert(const Parameter& parameter, const Token& value,
                                    const Policy& policy) {
  switch (parameter.type) {
    case ParameterType::text:
      return to_text(parameter, value);
    case ParameterType::boolean:
    case ParameterType::switch_flag:
      return to_flag(parameter, value);
    case ParameterType::enumeration:
      return to_enumeration(parameter, value, policy);
    case ParameterType::integer:
      return to_integer(parameter, value);
  }
  std::unreachable();
}

}  // namespace sfb::binding
