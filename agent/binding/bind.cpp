#include "agent/binding/bind.hpp"

#include "agent/base/text.hpp"
#include "agent/binding/convert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::binding {

namespace {

using Kind = Token::Kind;

// A name with or without its value, or a value without a name.
struct Argument {
  const Token* name = nullptr;
  std::optional<Token> value;
};

class Binder {
 public:
  Binder(const Cmdlet& cmdlet, const Policy& policy) : cmdlet_(cmdlet), policy_(policy) {}

  std::expected<std::vector<Bound>, BindError> run(const std::vector<Token>& tokens) {
    const auto arguments = pair(tokens);
    if (!arguments) {
      return std::unexpected(arguments.error());
    }
    std::vector<const Argument*> left_over;
    for (const Argument& argument : *arguments) {
      const auto used = bind_named(argument);
      if (!used) {
        return std::unexpected(used.error());
      }
      if (!*used) {
        left_over.push_back(&argument);
      }
    }
    if (!left_over.empty()) {
      return std::unexpected(unexpected_argument(*left_over.front()));
    }
    if (auto missing = missing_mandatory()) {
      return std::unexpected(*std::move(missing));
    }
    return std::move(bound_);
  }

 private:
  using Matched = std::expected<const Parameter*, BindError>;

  // The place of `token`, or the whole command's.
  BindError error(Fault fault, const Token* token, std::string parameter = {}) const {
    BindError error;
    error.message = std::move(fault.message);
    error.error_id = fault.id;
    if (!cmdlet_.class_name.empty()) {
      error.error_id += ',' + cmdlet_.class_name;
    }
    error.category = fault.category;
    error.category_message =
        fmt::format("{}: (:) [{}], {}", fault.category, cmdlet_.name, fault.exception);
    error.exception_type = fmt::format("System.Management.Automation.{}", fault.exception);
    if (token != nullptr) {
      error.offset = token->offset;
      error.length = token->length;
    }
    error.parameter = std::move(parameter);
    return error;
  }

  static bool starts(const Parameter& parameter, std::string_view name) {
    return istarts_with(parameter.name, name) ||
           std::ranges::any_of(parameter.aliases,
                               [&](std::string_view alias) { return istarts_with(alias, name); });
  }

  static bool equals(const Parameter& parameter, std::string_view name) {
    return iequals(parameter.name, name) ||
           std::ranges::any_of(parameter.aliases,
                               [&](std::string_view alias) { return iequals(alias, name); });
  }

  // nullptr: no such parameter. An exact name wins, then a prefix that only one parameter has, then
  // one that only one of the cmdlet's own has.
  Matched match(const Token& token) const {
    std::vector<const Parameter*> own;
    std::vector<const Parameter*> all;
    for (const auto* group : {&cmdlet_.parameters, &cmdlet_.common}) {
      for (const Parameter& parameter : *group) {
        if (equals(parameter, token.text)) {
          return &parameter;
        }
        if (starts(parameter, token.text)) {
          all.push_back(&parameter);
          if (group == &cmdlet_.parameters) {
            own.push_back(&parameter);
          }
        }
      }
    }
    if (all.size() <= 1) {
      return all.empty() ? nullptr : all.front();
    }
    if (own.size() == 1) {
      return own.front();
    }
    std::string names;
    for (const Parameter* parameter : all) {
      names += " -" + parameter->name;
    }
    return std::unexpected(
        error({.message = fmt::format("Parameter cannot be processed because the parameter name "
                                      "'{}' is ambiguous. Possible matches include:{}.",
                                      echoed(token.text), names),
               .id = "AmbiguousParameter"},
              &token));
  }

  BindError missing_argument(const Token& token, const Parameter& parameter) const {
    return error({.message = fmt::format("Missing an argument for parameter '{}'. Specify a "
                                         "parameter of type '{}' and try again.",
                                         parameter.name, parameter.type_name),
                  .id = "MissingArgument"},
                 &token, parameter.name);
  }

  // A parameter token where a value is expected is a string.
  static Token as_literal(const Token& token) {
    Token literal = token;
    if (token.kind == Kind::parameter || token.kind == Kind::end_of_parameters) {
      literal.kind = Kind::literal;
      literal.text =
          token.kind == Kind::parameter ? '-' + token.text + (token.with_colon ? ":" : "") : "--";
    }
    return literal;
  }

  // Gives each name its value. Names nobody knows keep none: they are reported last.
  std::expected<std::vector<Argument>, BindError> pair(const std::vector<Token>& given) {
    std::vector<Token> tokens;
    bool only_values = false;
    for (const Token& token : given) {
      if (token.kind == Kind::end_of_parameters && !only_values) {
        only_values = true;  // the first `--` itself is no argument
      } else {
        tokens.push_back(only_values ? as_literal(token) : token);
      }
    }
    names_ = std::move(tokens);
    std::vector<Argument> arguments;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const Token& token = names_[i];
      const Token* const next = i + 1 < names_.size() ? &names_[i + 1] : nullptr;
      if (token.kind != Kind::parameter) {
        arguments.push_back({nullptr, token});
        continue;
      }
      if (token.with_colon && next != nullptr && next->kind != Kind::parameter) {
        arguments.push_back({&token, *next});
        ++i;
        continue;
      }
      const Matched parameter = match(token);
      if (!parameter) {
        return std::unexpected(parameter.error());
      }
      if (*parameter == nullptr ||
          ((*parameter)->type == ParameterType::switch_flag && !token.with_colon)) {
        arguments.push_back({&token, std::nullopt});
        continue;
      }
      if (next == nullptr || token.with_colon) {
        return std::unexpected(missing_argument(token, **parameter));
      }
      if (next->kind == Kind::parameter) {
        const Matched following = match(*next);
        if (!following) {
          return std::unexpected(following.error());
        }
        if (*following != nullptr || next->with_colon) {
          return std::unexpected(missing_argument(token, **parameter));
        }
      }
      Token value = as_literal(*next);
      if (next->kind == Kind::parameter) {  // `-Nobody` may be a value, but has no place as such
        value.offset = token.offset;
        value.length = token.length;
      }
      arguments.push_back({&token, std::move(value)});
      ++i;
    }
    return arguments;
  }

  bool is_bound(const Parameter& parameter) const {
    return std::ranges::find(bound_, parameter.name, &Bound::parameter) != bound_.end();
  }

  bool is_common(const Parameter& parameter) const {
    return std::ranges::any_of(cmdlet_.common,
                               [&](const Parameter& common) { return &common == &parameter; });
  }

  // False: the argument has no name or one that nobody knows.
  std::expected<bool, BindError> bind_named(const Argument& argument) {
    if (argument.name == nullptr) {
      return false;
    }
    const Matched found = match(*argument.name);
    if (!found) {
      return std::unexpected(found.error());
    }
    if (*found == nullptr) {
      return false;
    }
    const Parameter& parameter = **found;
    if (policy_.refuse_common_parameters && is_common(parameter)) {
      return std::unexpected(
          error({.message = fmt::format("The common parameter '{}' is not supported here. Remove "
                                        "it, and then try the command again.",
                                        parameter.name),
                 .id = "CommonParameterNotSupported"},
                argument.name, parameter.name));
    }
    if (is_bound(parameter)) {
      // PowerShell keeps the name as it was typed, unless it had to look for the value.
      const bool as_typed = !argument.value || argument.name->with_colon;
      return std::unexpected(error(
          {.message = fmt::format(
               "Cannot bind parameter because parameter '{}' is specified more than once. To "
               "provide multiple values to parameters that can accept multiple values, use the "
               "array syntax. For example, \"-parameter value1,value2,value3\".",
               as_typed ? echoed(argument.name->text) : parameter.name),
           .id = "ParameterAlreadyBound"},
          argument.name, parameter.name));
    }
    if (!argument.value) {
      bound_.push_back({parameter.name, {}, true});  // a bare switch
      return true;
    }
    auto value = convert(parameter, *argument.value, policy_);
    if (!value) {
      return std::unexpected(error(std::move(value.error()), &*argument.value, parameter.name));
    }
    bound_.push_back(*std::move(value));
    return true;
  }

  BindError unexpected_argument(const Argument& argument) const {
    if (argument.name != nullptr) {
      return error({.message = fmt::format("A parameter cannot be found that matches parameter "
                                           "name '{}'.",
                                           echoed(argument.name->text)),
                    .id = "NamedParameterNotFound"},
                   argument.name, echoed(argument.name->text));
    }
    return error({.message = fmt::format("A positional parameter cannot be found that accepts "
                                         "argument '{}'.",
                                         echoed(argument_text(*argument.value))),
                  .id = "PositionalParameterNotFound"},
                 nullptr);
  }

  std::optional<BindError> missing_mandatory() const {
    std::string names;
    std::string first;
    for (const Parameter& parameter : cmdlet_.parameters) {
      if (parameter.mandatory && !is_bound(parameter)) {
        names += ' ' + parameter.name;
        first = first.empty() ? parameter.name : first;
      }
    }
    if (names.empty()) {
      return std::nullopt;
    }
    return error({.message = fmt::format("Cannot process command because of one or more missing "
                                         "mandatory parameters:{}.",
                                         names),
                  .id = "MissingMandatoryParameter"},
                 nullptr, first);
  }

  const Cmdlet& cmdlet_;
  const Policy& policy_;
  std::vector<Token> names_;  // without the first `--`; arguments point into it
  std::vector<Bound> bound_;
};

}  // namespace

std::expected<std::vector<Bound>, BindError> bind(const Cmdlet& cmdlet,
                                                  const std::vector<Token>& tokens,
                                                  const Policy& policy) {
  return Binder(cmdlet, policy).run(tokens);
}

}  // namespace sfb::binding
