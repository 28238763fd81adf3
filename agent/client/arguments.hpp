// The arguments of a command that is named as a cmdlet, read as PowerShell reads them. Pure.
#pragma once

#include "agent/binding/binding.hpp"
#include "agent/client/tokens.hpp"
#include "collectors/question.hpp"

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::client {

/// What to ask the agent for.
struct Arguments {
  const binding::Cmdlet* cmdlet = nullptr;
  std::string pool;                             ///< PoolFqdn or Via; checked, in one spelling
  std::vector<collectors::Argument> arguments;  ///< of the cmdlet, beside the pool
  /// The cmdlet's parameters in the order given, the pool among them. They go as they were typed,
  /// for the agent binds as we do, and its error texts then show what the user wrote.
  std::vector<Typed> typed = {};
  // Words of format/choice.hpp; empty: not given.
  std::string as = "text";
  std::string edition;
  std::string view;
  std::string expand;  ///< the member whose items are wanted; empty: the object
  bool help = false;
  bool version = false;
};

/// A usage error as PowerShell prints it at `width` columns, for stderr.
struct UsageError {
  std::string text;
};

/// The cmdlet that a program's name means, folders before it cut off; that of the pool's status for
/// any other name.
const binding::Cmdlet& cmdlet_named(std::string_view program);

/// `arguments` without the program's name. A cmdlet that asks about no pool takes `-Via` instead of
/// PoolFqdn: through which pool it is asked. Where the shell seems to have swallowed a value (bash
/// turns an unquoted $true into nothing), a sentence behind PowerShell's error says so.
std::expected<Arguments, UsageError> parse_arguments(const binding::Cmdlet& cmdlet,
                                                     const std::vector<std::string>& arguments,
                                                     int width);

/// The target of the HTTP request: path and query.
std::string request_target(const Arguments& arguments, int width);

/// Text of -?.
std::string usage(const binding::Cmdlet& cmdlet);

}  // namespace sfb::client
