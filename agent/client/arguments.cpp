#include "agent/client/arguments.hpp"

#include "agent/base/fqdn.hpp"
#include "agent/base/text.hpp"
#include "agent/binding/bind.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/convert.hpp"
#include "agent/binding/line.hpp"
#include "agent/client/tokens.hpp"
#include "agent/format/choice.hpp"
#include "agent/format/format.hpp"
#include "agent/http/query_string.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

namespace sfb::client {

namespace {

using binding::Token;

constexpr std::string_view kPool = "PoolFqdn";
constexpr std::string_view kVia = "Via";

// Words of a table as PowerShell spells enumerators: `Json`.
template <typename T, std::size_t N>
std::vector<std::string> enumerators(const std::array<format::Word<T>, N>& words) {
  std::vector<std::string> names;
  for (const format::Word<T>& word : words) {
    std::string& name = names.emplace_back(word.word);
    name.front() = static_cast<char>(name.front() - 'a' + 'A');
  }
  return names;
}

// The cmdlet's signature with our own parameters.
binding::Cmdlet with_own(binding::Cmdlet cmdlet) {
  if (!collectors::asks_pool(cmdlet)) {
    cmdlet.parameters.push_back({.name = std::string(kVia),
                                 .type = binding::ParameterType::text,
                                 .type_name = "Microsoft.Rtc.Management.Deploy.Fqdn",
                                 .mandatory = true,
                                 .not_empty = true});
  }
  cmdlet.parameters.push_back({.name = "As",
                               .type = binding::ParameterType::enumeration,
                               .type_name = "OutputForm",
                               .enumerators = enumerators(format::kForms)});
  // `-e` means it since before there was another parameter with this letter.
  cmdlet.parameters.push_back({.name = "Edition",
                               .type = binding::ParameterType::text,
                               .type_name = "System.String",
                               .aliases = {"e"}});
  cmdlet.parameters.push_back({.name = "View",
                               .type = binding::ParameterType::enumeration,
                               .type_name = "OutputView",
                               .enumerators = enumerators(format::kViews)});
  if (const std::string_view member = collectors::expandable(cmdlet); !member.empty()) {
    cmdlet.parameters.push_back({.name = "ExpandProperty",
                                 .type = binding::ParameterType::enumeration,
                                 .type_name = "ExpandableProperty",
                                 .enumerators = {std::string(member)},
                                 .not_empty = true});
  }
  return cmdlet;
}

UsageError usage_error(const binding::Cmdlet& cmdlet, const binding::Cmdlet& signature,
                       std::vector<Token> tokens, const binding::BindError& error, int width) {
  const std::string line = binding::canonical_line(signature, tokens);
  ErrorRecord record;
  record.message = error.message;
  record.invocation_name = signature.name;
  record.position_message = binding::position_message(line, error);
  record.category_message = error.category_message;
  record.error_id = error.error_id;
  format::Options options;
  options.width = width;
  return {format::error(record, options) + hints(cmdlet, signature, tokens)};
}

// Puts the squiggle under the value of one of the signature's own parameters.
void point_at(binding::BindError& error, const std::vector<Token>& tokens,
              std::string_view parameter) {
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const Token& name = tokens[i - 1];
    if (name.kind == Token::Kind::parameter && !name.text.empty() &&
        istarts_with(parameter, name.text)) {
      error.offset = tokens[i].offset;
      error.length = tokens[i].length;
      return;
    }
  }
}

// What the type of PoolFqdn says to a name that is none, in PowerShell's words.
binding::BindError bad_pool(const binding::Cmdlet& signature, const std::vector<Token>& tokens,
                            const binding::Bound& value, const Error& why) {
  binding::BindError error;
  error.message = fmt::format(
      "Cannot bind parameter '{}'. Cannot convert value \"{}\" to type "
      "\"Microsoft.Rtc.Management.Deploy.Fqdn\". Error: \"{}\"",
      value.parameter, binding::echoed(value.text), why.message);
  error.error_id = "CannotConvertArgumentNoMessage";
  error.category_message =
      fmt::format("InvalidArgument: (:) [{}], ParameterBindingException", signature.name);
  point_at(error, tokens, value.parameter);
  return error;
}

// One of our own parameters has a value that cannot be used: `why` follows "The argument".
binding::BindError bad_own(const binding::Cmdlet& signature, const std::vector<Token>& tokens,
                           std::string_view parameter, std::string_view why) {
  binding::BindError error;
  error.message =
      fmt::format("Cannot validate argument on parameter '{}'. The argument {}", parameter, why);
  error.error_id = "ParameterArgumentValidationError";
  error.category_message =
      fmt::format("InvalidData: (:) [{}], ParameterBindingValidationException", signature.name);
  point_at(error, tokens, parameter);
  return error;
}

// What the words of our own parameters leave to be judged behind the binder.
std::optional<binding::BindError> judge(const binding::Cmdlet& signature, const Arguments& parsed,
                                        bool has_edition, const std::vector<Token>& tokens) {
  const auto edition = format::find_word(format::kEditions, parsed.edition);
  if (has_edition && !edition) {
    return bad_own(signature, tokens, "Edition",
                   fmt::format("{} is none of {}.", quote(parsed.edition, 80),
                               format::listed(format::kEditions)));
  }
  const format::Choice choice{
      .as = format::find_word(format::kForms, parsed.as).value_or(format::As::text),
      .edition = edition,
      .view = format::find_word(format::kViews, parsed.view).value_or(format::View::automatic)};
  const auto misfit = format::misfit(choice);
  if (!misfit) {
    return std::nullopt;
  }
  const bool is_view = misfit->option == "view";
  return bad_own(
      signature, tokens, is_view ? "View" : "Edition",
      fmt::format("{} does not go with -As {}: {}. Leave the parameter out.",
                  quote(is_view ? parsed.view : parsed.edition, 80), parsed.as, misfit->why));
}

// `[-Category {UserData | CMS | RGS}]`
std::string usage_of(const binding::Parameter& parameter) {
  using binding::ParameterType;
  std::string text = "-" + parameter.name;
  switch (parameter.type) {
    case ParameterType::switch_flag:
      break;
    case ParameterType::boolean:
      text += " <1 | 0>";
      break;
    case ParameterType::enumeration:
      text += fmt::format(" {{{}}}", fmt::join(parameter.enumerators, " | "));
      break;
    case ParameterType::text:
    case ParameterType::integer:
      text += fmt::format(" <{}>", parameter.type_name.substr(parameter.type_name.rfind('.') + 1));
      break;
  }
  return parameter.mandatory ? text : "[" + text + "]";
}

}  // namespace

const binding::Cmdlet& cmdlet_named(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  for (const binding::Cmdlet* const cmdlet : collectors::cmdlets()) {
    if (cmdlet->name == name) {
      return *cmdlet;
    }
  }
  return collectors::pool_status().cmdlet();
}

std::expected<Arguments, UsageError> parse_arguments(const binding::Cmdlet& cmdlet,
                                                     const std::vector<std::string>& arguments,
                                                     int width) {
  Arguments parsed;
  parsed.cmdlet = &cmdlet;
  const auto asks_help = [](const std::string& a) {
    return a == "-?" || a == "--help" || a == "-h";
  };
  if (std::ranges::any_of(arguments, asks_help)) {
    parsed.help = true;
    return parsed;
  }
  if (std::ranges::find(arguments, "--version") != arguments.end()) {
    parsed.version = true;
    return parsed;
  }
  const binding::Cmdlet signature = with_own(cmdlet);
  std::vector<Token> tokens = tokenize(arguments);
  // Offsets are those of the line as error texts show it.
  static_cast<void>(binding::canonical_line(signature, tokens));
  constexpr binding::Policy kPolicy = {
      .refuse_enum_numbers = true, .refuse_enum_lists = true, .refuse_common_parameters = true};
  const auto bound =
      binding::bind(signature, as_powershell_means(cmdlet, signature, tokens), kPolicy);
  if (!bound) {
    return std::unexpected(usage_error(cmdlet, signature, tokens, bound.error(), width));
  }
  bool has_edition = false;
  std::optional<Fqdn> pool;
  for (const binding::Bound& value : *bound) {
    if (value.parameter == kPool || value.parameter == kVia) {
      auto name = Fqdn::parse(value.text);
      if (!name) {
        return std::unexpected(usage_error(
            cmdlet, signature, tokens, bad_pool(signature, tokens, value, name.error()), width));
      }
      pool = std::move(*name);
    } else if (value.parameter == "As") {
      parsed.as = to_lower(value.text);
    } else if (value.parameter == "Edition") {
      parsed.edition = value.text;
      has_edition = true;
    } else if (value.parameter == "View") {
      parsed.view = to_lower(value.text);
    } else if (value.parameter == "ExpandProperty") {
      parsed.expand = value.text;
    }
  }
  // It is mandatory: behind the binder it is there.
  parsed.pool = pool.value().str();
  parsed.arguments = collectors::question_of(cmdlet, *bound, *pool).arguments;
  parsed.typed = typed(cmdlet, tokens);
  if (const auto error = judge(signature, parsed, has_edition, tokens)) {
    return std::unexpected(usage_error(cmdlet, signature, tokens, *error, width));
  }
  return parsed;
}

std::string request_target(const Arguments& arguments, int width) {
  std::string target = fmt::format("/api/v1/{}?", arguments.cmdlet->name);
  if (!collectors::asks_pool(*arguments.cmdlet)) {
    target += fmt::format("via={}&", http::percent_encode(arguments.pool));
  }
  for (const Typed& one : arguments.typed) {
    target += one.name + (one.value ? "=" + http::percent_encode(*one.value) : "") + "&";
  }
  target += fmt::format("as={}&width={}", arguments.as, std::clamp(width, 20, 500));
  if (!arguments.edition.empty()) {
    target += "&edition=" + http::percent_encode(arguments.edition);
  }
  if (!arguments.view.empty()) {
    target += "&view=" + http::percent_encode(arguments.view);
  }
  if (!arguments.expand.empty()) {
    target += "&expand=" + http::percent_encode(arguments.expand);
  }
  return target;
}

std::string usage(const binding::Cmdlet& cmdlet) {
  std::string line = cmdlet.name;
  for (const binding::Parameter& parameter : cmdlet.parameters) {
    line += " " + usage_of(parameter);
  }
  if (!collectors::asks_pool(cmdlet)) {
    line += " -Via <Fqdn>";
  }
  const std::string indent(cmdlet.name.size() + 1, ' ');
  const std::string_view member = collectors::expandable(cmdlet);
  const std::string expand = member.empty() ? "" : fmt::format(" [-ExpandProperty {{{}}}]", member);
  return line + "\n" + indent + "[-As {Text | Json | Clixml}] [-Edition {3.0 | 4.0 | 5.1 | 7}]\n" +
         indent + "[-View {List | Table | Autosize | Wrap}]" + expand +
         "\n\n"
         "Asks the running sfb_backup_exporter and prints what the cmdlet would print.\n"
         "Parameter names may be shortened and written in any case, as in PowerShell.\n" +
         (collectors::asks_pool(cmdlet)
              ? ""
              : "-Via: the configured pool through which the deployment is asked.\n") +
         "-Edition: the PowerShell whose output is copied. Without it Text follows the server's "
         "version,\n"
         "and Json is laid out as 7 does.\n" +
         (member.empty()
              ? ""
              : "-ExpandProperty: prints the items of this member, as `(...).MEMBER` does.\n") +
         "-View: prints as Format-List, Format-Table, Format-Table -AutoSize or Format-Table -Wrap "
         "does.\n\n"
         "  --version                print the version and exit\n"
         "  -?, -h, --help           print this text and exit\n" +
         (&cmdlet == &collectors::pool_status().cmdlet()
              ? "  --nagios, --checkmk      print the state as a check of Nagios, or as local "
                "checks "
                "of Checkmk;\n"
                "                           without -PoolFqdn of all pools\n"
                "  --warning AGE            how far an export may be behind until it is a warning "
                "(0),\n"
                "  --critical AGE           or critical (1h): `15m`, `900`, or a range of Nagios\n"
              : "") +
         "\n  SFB_BACKUP_EXPORTER_URL  where the agent listens: http://127.0.0.1:9943 (default) or "
         "unix:/path\n\n"
         "Exit codes: 0 an answer came, 1 it failed or could not be asked for, 2 wrong usage. "
         "Where "
         "the verdict\non an answer is not good, the last line on stderr says why.\n";
}

}  // namespace sfb::client
