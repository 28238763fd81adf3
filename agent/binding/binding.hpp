// What PowerShell's parameter binding is about: parameters, tokens, values and errors. Tokens have
// offsets, so that errors can point into the line as PowerShell does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sfb::binding {

/// The type of a parameter, as binding needs it.
enum class ParameterType : std::uint8_t { text, boolean, switch_flag, enumeration, integer };

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::text;
  std::string type_name;                      ///< as error texts print it: `System.String`
  std::vector<std::string> enumerators = {};  ///< for enumeration, in declared order
  bool mandatory = false;
  bool not_empty = false;                 ///< [ValidateNotNullOrEmpty]
  std::vector<std::string> aliases = {};  ///< `ea`; matched like names
};

/// A cmdlet's signature. Names are data: the goldens use invented ones, the product Microsoft's.
struct Cmdlet {
  std::string name;
  /// Class name behind the comma of FullyQualifiedErrorId; empty when unknown, then the comma goes
  /// too.
  std::string class_name;
  std::vector<Parameter> parameters;
  std::vector<Parameter> common;  ///< common parameters: an own name or prefix wins over them
};

/// One argument as the parser saw it.
struct Token {
  enum class Kind : std::uint8_t {
    parameter,          ///< `-Name`, `-Name:`; text holds the name without dash and colon
    literal,            ///< text in quotes or bare
    number,             ///< bare number
    boolean,            ///< $true, $false; text "true" | "false"
    null,               ///< $null
    list,               ///< a,b: text holds the items joined by commas
    end_of_parameters,  ///< `--`
  };
  Kind kind = Kind::literal;
  std::string text;
  std::size_t offset = 0;   ///< first character in the line, in UTF-16 units
  std::size_t length = 0;   ///< UTF-16 units in the line; quotes, dash and colon included
  bool with_colon = false;  ///< a parameter whose value is the next token, bound by a colon
};

/// One bound value.
struct Bound {
  std::string parameter;  ///< the full name
  std::string text;       ///< strings, numbers and enums (the declared spelling)
  bool flag = false;      ///< booleans and switches
};

/// A binding error with everything PowerShell shows for it.
struct BindError {
  std::string message;
  std::string error_id;          ///< FullyQualifiedErrorId
  std::string category;          ///< `InvalidArgument`
  std::string category_message;  ///< `InvalidArgument: (:) [Get-CsBackupServiceStatus],
                                 ///< ParameterBindingException`
  std::string exception_type;
  std::optional<std::size_t> offset;  ///< where the squiggle starts; none: the whole line's command
  std::size_t length = 0;
  std::string parameter;  ///< the parameter concerned, for a log or a JSON answer; may be empty
};

/// What the product refuses although PowerShell accepts it.
struct Policy {
  bool refuse_enum_numbers = false;  ///< the product's enum numbers are unknown
  bool refuse_enum_lists = false;    ///< PowerShell would OR them
  bool refuse_common_parameters = false;
};

}  // namespace sfb::binding
