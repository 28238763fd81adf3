// The words of a Unix command line as PowerShell's tokens. Pure functions.
#pragma once

#include "agent/binding/binding.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::client {

/// Without the program's name. The shell has taken quotes away already: what is bare and what was
/// quoted is told by its form alone.
std::vector<binding::Token> tokenize(const std::vector<std::string>& arguments);

/// The same tokens with the names written out that PowerShell knows, where one of `signature`,
/// which has parameters of our own beside those of `cmdlet`, begins alike: `-V` is -Verbose, not
/// -View.
std::vector<binding::Token> as_powershell_means(const binding::Cmdlet& cmdlet,
                                                const binding::Cmdlet& signature,
                                                std::vector<binding::Token> tokens);

/// A parameter of the cmdlet as it was typed.
struct Typed {
  std::string name = {};                  ///< without its dash
  std::optional<std::string> value = {};  ///< none: a switch alone; `true` of $true
  bool operator==(const Typed&) const = default;
};

/// The parameters that are the cmdlet's, in the order given. Precondition: `tokens` bind.
std::vector<Typed> typed(const binding::Cmdlet& cmdlet, const std::vector<binding::Token>& tokens);

/// What may help behind PowerShell's own error: sentences with their line ends, or nothing.
/// `swallowed` values (bash turns an unquoted $true into nothing), a pool without its name, `-V`
/// for -View.
std::string hints(const binding::Cmdlet& cmdlet, const binding::Cmdlet& signature,
                  const std::vector<binding::Token>& tokens);

}  // namespace sfb::client
