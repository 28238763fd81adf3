#include "agent/client/tokens.hpp"

#include "agent/base/fqdn.hpp"
#include "agent/base/text.hpp"
#include "agent/binding/number.hpp"
#include "collectors/question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sfb::client {

namespace {

using binding::Parameter;
using binding::Token;

constexpr std::string_view kSwallowed =
    "The shell expands $true and $false to nothing: write '$true' in quotes, or 1.";

// Length in bytes of the dash PowerShell accepts at the start of `text`: hyphen, en dash, em dash,
// horizontal bar.
std::size_t dash_length(std::string_view text) {
  constexpr std::array<std::string_view, 4> kDashes = {"-", "\u2013", "\u2014", "\u2015"};
  for (const std::string_view dash : kDashes) {
    if (text.starts_with(dash)) {
      return dash.size();
    }
  }
  return 0;
}

bool starts_parameter(std::string_view text) {
  const std::size_t dash = dash_length(text);
  if (dash == 0 || text.size() == dash) {
    return false;
  }
  const char next = text[dash];
  return (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_' || next == '?';
}

Token value_token(const std::string& text) {
  Token token;
  token.text = text;
  const std::string lower = to_lower(text);
  if (lower == "$true" || lower == "$false") {
    token.kind = Token::Kind::boolean;
    token.text = lower.substr(1);
  } else if (lower == "$null") {
    token.kind = Token::Kind::null;
    token.text.clear();
  } else if (binding::is_number(text)) {
    token.kind = Token::Kind::number;
  } else if (text.find(',') != std::string::npos) {
    token.kind = Token::Kind::list;
  }
  return token;
}

// True where a Boolean value belongs and none is: the shell may have expanded it to nothing.
bool looks_swallowed(const binding::Cmdlet& signature, const std::vector<Token>& tokens) {
  using binding::ParameterType;
  const auto takes_flag = [&](const Token& token) {
    return token.kind == Token::Kind::parameter && !token.text.empty() &&
           std::ranges::any_of(signature.parameters, [&](const binding::Parameter& parameter) {
             return istarts_with(parameter.name, token.text) &&
                    (parameter.type == ParameterType::boolean ||
                     (token.with_colon && parameter.type == ParameterType::switch_flag));
           });
  };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (takes_flag(tokens[i]) &&
        (i + 1 == tokens.size() || tokens[i + 1].kind == Token::Kind::parameter ||
         (tokens[i + 1].kind == Token::Kind::literal && tokens[i + 1].text.empty()))) {
      return true;
    }
  }
  return false;
}

bool begins(const Parameter& parameter, std::string_view name) {
  return istarts_with(parameter.name, name) ||
         std::ranges::any_of(parameter.aliases,
                             [&](std::string_view alias) { return istarts_with(alias, name); });
}

bool is_name(const Parameter& parameter, std::string_view name) {
  return iequals(parameter.name, name) ||
         std::ranges::any_of(parameter.aliases,
                             [&](std::string_view alias) { return iequals(alias, name); });
}

bool is_of(const binding::Cmdlet& cmdlet, const Parameter& parameter) {
  return std::ranges::find(cmdlet.parameters, parameter.name, &Parameter::name) !=
         cmdlet.parameters.end();
}

// The parameter of our own that begins as `name` does, but is not called so.
const Parameter* own_begun(const binding::Cmdlet& cmdlet, const binding::Cmdlet& signature,
                           std::string_view name) {
  const auto own = std::ranges::find_if(signature.parameters, [&](const Parameter& parameter) {
    return !is_of(cmdlet, parameter) && begins(parameter, name);
  });
  return own == signature.parameters.end() || is_name(*own, name) ? nullptr : &*own;
}

// The one parameter that PowerShell finds for a shortened name; nullptr for none and for several.
const Parameter* powershells(const binding::Cmdlet& cmdlet, std::string_view name) {
  const Parameter* found = nullptr;
  for (const auto* const group : {&cmdlet.parameters, &cmdlet.common}) {
    for (const Parameter& parameter : *group) {
      if (begins(parameter, name)) {
        if (found != nullptr) {
          return nullptr;
        }
        found = &parameter;
      }
    }
  }
  return found;
}

// `-V` was read as PowerShell reads it, and one of ours begins alike.
std::string meant_other(const binding::Cmdlet& cmdlet, const binding::Cmdlet& signature,
                        const std::vector<Token>& tokens) {
  for (const Token& token : tokens) {
    if (token.kind != Token::Kind::parameter || token.text.empty()) {
      continue;
    }
    const Parameter* const own = own_begun(cmdlet, signature, token.text);
    const Parameter* const other = own == nullptr ? nullptr : powershells(cmdlet, token.text);
    if (other != nullptr) {
      return fmt::format("-{} is -{} as in PowerShell: for the other write -{}.\n", token.text,
                         other->name, own->name);
    }
  }
  return {};
}

// A name that takes a value only behind a colon.
bool is_switch(const binding::Cmdlet& cmdlet, const Token& name) {
  const Parameter* const meant = powershells(cmdlet, name.text);
  return meant != nullptr && meant->type == binding::ParameterType::switch_flag;
}

// A pool, and no parameter that names one.
std::string nameless_pool(const binding::Cmdlet& cmdlet, const std::vector<Token>& tokens) {
  const std::string_view wanted = collectors::asks_pool(cmdlet) ? "PoolFqdn" : "Via";
  const auto names_it = [&](const Token& token) {
    return token.kind == Token::Kind::parameter && !token.text.empty() &&
           istarts_with(wanted, token.text);
  };
  if (std::ranges::any_of(tokens, names_it)) {
    return {};
  }
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool value_of_name = i > 0 && tokens[i - 1].kind == Token::Kind::parameter &&
                               (tokens[i - 1].with_colon || !is_switch(cmdlet, tokens[i - 1]));
    if (tokens[i].kind == Token::Kind::literal && !value_of_name && Fqdn::parse(tokens[i].text)) {
      return fmt::format("The pool needs its name: -{} {}\n", wanted, tokens[i].text);
    }
  }
  return {};
}

}  // namespace

std::vector<Token> tokenize(const std::vector<std::string>& arguments) {
  std::vector<Token> tokens;
  bool parameters = true;
  for (const std::string& argument : arguments) {
    const bool after_colon = !tokens.empty() && tokens.back().with_colon;
    if (parameters && !after_colon && argument == "--") {
      tokens.push_back({Token::Kind::end_of_parameters, "--", 0, 0, false});
      parameters = false;
    } else if (parameters && starts_parameter(argument)) {
      const std::string name = argument.substr(dash_length(argument));
      const std::size_t colon = name.find(':');
      Token token{Token::Kind::parameter, name.substr(0, colon), 0, 0, colon != std::string::npos};
      tokens.push_back(std::move(token));
      if (colon != std::string::npos && colon + 1 < name.size()) {
        tokens.push_back(value_token(name.substr(colon + 1)));
      }
    } else {
      tokens.push_back(value_token(argument));
    }
  }
  return tokens;
}

std::vector<Token> as_powershell_means(const binding::Cmdlet& cmdlet,
                                       const binding::Cmdlet& signature,
                                       std::vector<Token> tokens) {
  for (Token& token : tokens) {
    if (token.kind == Token::Kind::parameter && !token.text.empty() &&
        own_begun(cmdlet, signature, token.text) != nullptr) {
      if (const Parameter* const meant = powershells(cmdlet, token.text)) {
        token.text = meant->name;
      }
    }
  }
  return tokens;
}

std::vector<Typed> typed(const binding::Cmdlet& cmdlet, const std::vector<Token>& tokens) {
  std::vector<Typed> found;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const Token& name = tokens[i];
    const auto meant = std::ranges::find_if(cmdlet.parameters, [&](const Parameter& parameter) {
      return name.kind == Token::Kind::parameter && begins(parameter, name.text);
    });
    if (meant == cmdlet.parameters.end()) {
      continue;
    }
    Typed& one = found.emplace_back(name.text);
    if (name.with_colon || meant->type != binding::ParameterType::switch_flag) {
      const Token& value = tokens.at(++i);
      one.value = value.kind == Token::Kind::null ? "true" : value.text;  // only a switch takes it
    }
  }
  return found;
}

std::string hints(const binding::Cmdlet& cmdlet, const binding::Cmdlet& signature,
                  const std::vector<Token>& tokens) {
  const std::string swallowed =
      looks_swallowed(signature, tokens) ? fmt::format("{}\n", kSwallowed) : std::string();
  return swallowed + meant_other(cmdlet, signature, tokens) + nameless_pool(cmdlet, tokens);
}

}  // namespace sfb::client
