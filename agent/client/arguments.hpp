// The arguments of the Get-CsBackupServiceStatus command, read as PowerShell reads them. Pure.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace sfb::client {

/// What to ask the agent for.
struct Arguments {
  std::string pool;      ///< checked, in one spelling (base/fqdn.hpp)
  std::string category;  ///< empty: all
  bool force = false;
  std::optional<bool> bypass_dual_write;
  // Words of format/choice.hpp; empty: not given.
  std::string as = "text";
  std::string edition;
  std::string view;
  bool help = false;
};

/// A usage error as PowerShell prints it at `width` columns, for stderr.
struct UsageError {
  std::string text;
};

/// `arguments` without the program's name. Where the shell seems to have swallowed a value (bash
/// turns an unquoted $true into nothing), a sentence behind PowerShell's error says so.
std::expected<Arguments, UsageError> parse_arguments(const std::vector<std::string>& arguments,
                                                     int width);

/// The target of the HTTP request: path and query.
std::string request_target(const Arguments& arguments, int width);

/// Text of -?.
std::string usage();

}  // namespace sfb::client
