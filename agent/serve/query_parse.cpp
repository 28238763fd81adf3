#include "agent/serve/query_parse.hpp"

#include "agent/base/text.hpp"
#include "agent/binding/bind.hpp"
#include "agent/binding/convert.hpp"
#include "agent/binding/line.hpp"
#include "agent/binding/number.hpp"
#include "agent/http/query_string.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/routes.hpp"
#include "collectors/question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace sfb::serve {
namespace {

using binding::BindError;
using binding::Token;
using http::QueryItem;

/// Far more than there are names; the binder's work grows with the square of it.
constexpr std::size_t kMaxParameters = 32;

struct OwnParameter {
  std::string_view name;
  std::string_view type_name;  ///< as PowerShell would call it
};

constexpr std::string_view kPool = "PoolFqdn";
/// Whom to ask, where the cmdlet asks about no pool.
constexpr std::string_view kVia = "via";
constexpr std::string_view kExpand = "expand";

constexpr std::array<OwnParameter, 7> kOwn = {{{"as", "System.String"},
                                               {"width", "System.Int32"},
                                               {"max_age", "System.Int32"},
                                               {"edition", "System.String"},
                                               {"view", "System.String"},
                                               {kExpand, "System.String"},
                                               {kVia, "Microsoft.Rtc.Management.Deploy.Fqdn"}}};

const OwnParameter* find_own(const binding::Cmdlet& cmdlet, std::string_view name) {
  const auto* const found = std::ranges::find(kOwn, name, &OwnParameter::name);
  const bool known = found != kOwn.end() && (name != kVia || !collectors::asks_pool(cmdlet)) &&
                     (name != kExpand || !collectors::expandable(cmdlet).empty());
  return known ? found : nullptr;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  return failure == std::errc{} && at == end && !text.empty() ? std::optional(number)
                                                              : std::nullopt;
}

// ---- our own parameters ----

BindError own_error(const binding::Cmdlet& cmdlet, std::string_view name, std::string message,
                    std::string_view id, std::string_view category, std::string_view exception) {
  BindError error;
  error.message = std::move(message);
  error.error_id = id;
  error.category = category;
  error.category_message = fmt::format("{}: (:) [{}], {}", category, cmdlet.name, exception);
  error.exception_type = fmt::format("System.Management.Automation.{}", exception);
  error.parameter = name;
  return error;
}

BindError bad_value(const binding::Cmdlet& cmdlet, const QueryItem& item, std::string_view why) {
  return own_error(cmdlet, item.name,
                   fmt::format("Cannot validate argument on parameter '{}'. The value {} {}",
                               item.name, quote(*item.value, 80), why),
                   "ParameterArgumentValidationError", "InvalidData",
                   "ParameterBindingValidationException");
}

/// PowerShell's own words for a string that a parameter's type does not take.
BindError bad_fqdn(const binding::Cmdlet& cmdlet, std::string_view parameter,
                   const std::string& text, const Error& error) {
  return own_error(cmdlet, parameter,
                   fmt::format("Cannot bind parameter '{}'. Cannot convert value \"{}\" to type "
                               "\"Microsoft.Rtc.Management.Deploy.Fqdn\". Error: \"{}\"",
                               parameter, binding::echoed(text), error.message),
                   "CannotConvertArgumentNoMessage", "InvalidArgument",
                   "ParameterBindingException");
}

std::optional<BindError> check_own(const binding::Cmdlet& cmdlet, const QueryItem& item,
                                   std::span<const QueryItem> before) {
  constexpr std::string_view kException = "ParameterBindingException";
  if (std::ranges::find(before, item.name, &QueryItem::name) != before.end()) {
    return own_error(
        cmdlet, item.name,
        fmt::format("Cannot bind parameter because parameter '{}' is specified more than once.",
                    item.name),
        "ParameterAlreadyBound", "InvalidArgument", kException);
  }
  if (!item.value || item.value->empty()) {
    return own_error(cmdlet, item.name,
                     fmt::format("Missing an argument for parameter '{}'. Specify a parameter of "
                                 "type '{}' and try again.",
                                 item.name, find_own(cmdlet, item.name)->type_name),
                     "MissingArgument", "InvalidArgument", kException);
  }
  return std::nullopt;
}

/// Our own parameters; what the form does not hold of them comes out here.
class OwnParameters {
 public:
  OwnParameters(const binding::Cmdlet& cmdlet, const format::Choice& choice)
      : cmdlet_(cmdlet), choice_(choice) {}

  std::optional<std::chrono::seconds> max_age;
  std::optional<Fqdn> via;

  /// All but max_age and via was read already (guess_form); here it is judged.
  std::optional<BindError> read(const std::vector<QueryItem>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::optional<BindError> error = check_own(cmdlet_, items[i], std::span(items).first(i));
      if (!error) {
        error = read_one(items[i]);
      }
      if (!error) {
        error = check_fit(items[i]);
      }
      if (error) {
        return error;
      }
    }
    return std::nullopt;
  }

 private:
  std::optional<BindError> read_one(const QueryItem& item) {
    if (item.name == "as") {
      return check_word(item, format::kForms);
    }
    if (item.name == "edition") {
      return check_word(item, format::kEditions);
    }
    if (item.name == "view") {
      return check_word(item, format::kViews);
    }
    if (item.name == "width") {
      if (parse_width(*item.value)) {
        return std::nullopt;
      }
      return bad_value(cmdlet_, item,
                       fmt::format("is not a whole number from {} to {}.", kMinWidth, kMaxWidth));
    }
    if (item.name == kExpand) {
      const std::string_view member = collectors::expandable(cmdlet_);
      return iequals(*item.value, member)
                 ? std::nullopt
                 : std::optional(bad_value(cmdlet_, item, fmt::format("is not {}.", member)));
    }
    if (item.name == kVia) {
      auto pool = Fqdn::parse(*item.value);
      if (!pool) {
        return bad_fqdn(cmdlet_, kVia, *item.value, pool.error());
      }
      via = std::move(*pool);
      return std::nullopt;
    }
    const auto seconds = parse_whole(*item.value);
    if (!seconds || *seconds < 0 || *seconds > kMaxAgeLimit) {
      return bad_value(cmdlet_, item,
                       fmt::format("is not a whole number of seconds from 0 to {}.", kMaxAgeLimit));
    }
    max_age = std::chrono::seconds(*seconds);
    return std::nullopt;
  }

  template <typename T, std::size_t N>
  std::optional<BindError> check_word(const QueryItem& item,
                                      const std::array<format::Word<T>, N>& words) const {
    if (format::find_word(words, *item.value)) {
      return std::nullopt;
    }
    return bad_value(cmdlet_, item, fmt::format("is none of {}.", format::listed(words)));
  }

  /// An edition or view that is good in itself beside the form.
  std::optional<BindError> check_fit(const QueryItem& item) const {
    const auto misfit = format::misfit(choice_);
    if (!misfit || misfit->option != item.name) {
      return std::nullopt;
    }
    return bad_value(cmdlet_, item,
                     fmt::format("does not go with as={}: {}. Leave the parameter out.",
                                 choice_.as == As::json ? "json" : "clixml", misfit->why));
  }

  const binding::Cmdlet& cmdlet_;
  const format::Choice& choice_;
};

// ---- the cmdlet's parameters ----

/// The cmdlet's own parameter that PowerShell would take `name` for: it decides how a value is
/// written. An unambiguous beginning is enough; which beginnings are ambiguous the binder says.
const binding::Parameter* meant_by(const binding::Cmdlet& cmdlet, std::string_view name) {
  const auto found =
      std::ranges::find_if(cmdlet.parameters, [&](const binding::Parameter& parameter) {
        return !name.empty() && istarts_with(parameter.name, name);
      });
  return found == cmdlet.parameters.end() ? nullptr : &*found;
}

Token flag_token(const std::string& text) {
  if (iequals(text, "true") || iequals(text, "false")) {
    return {.kind = Token::Kind::boolean, .text = to_lower(text)};
  }
  return {.kind = binding::is_number(text) ? Token::Kind::number : Token::Kind::literal,
          .text = text};
}

/// `-Name value`, and `-Name:value` for a switch, which takes no other.
void append_tokens(const binding::Cmdlet& cmdlet, std::vector<Token>& tokens,
                   const QueryItem& item) {
  using binding::ParameterType;
  const binding::Parameter* const meant = meant_by(cmdlet, item.name);
  const bool is_switch = meant != nullptr && meant->type == ParameterType::switch_flag;
  const bool is_boolean = meant != nullptr && meant->type == ParameterType::boolean;
  const bool has_value = item.value && !(is_switch && item.value->empty());
  tokens.push_back(
      {.kind = Token::Kind::parameter, .text = item.name, .with_colon = has_value && is_switch});
  if (!has_value) {
    return;
  }
  if (is_switch || is_boolean) {
    tokens.push_back(flag_token(*item.value));
  } else {
    tokens.push_back({.kind = Token::Kind::literal, .text = *item.value});
  }
}

/// The same with the squiggle under the value.
BindError bad_pool(const binding::Cmdlet& cmdlet, const std::vector<Token>& tokens,
                   const std::string& text, const Error& error) {
  BindError bad = bad_fqdn(cmdlet, kPool, text, error);
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const binding::Parameter* const meant = tokens[i - 1].kind == Token::Kind::parameter
                                                ? meant_by(cmdlet, tokens[i - 1].text)
                                                : nullptr;
    if (meant != nullptr && meant->name == kPool) {
      bad.offset = tokens[i].offset;
      bad.length = tokens[i].length;
      break;
    }
  }
  return bad;
}

BindError missing_via(const binding::Cmdlet& cmdlet) {
  return own_error(cmdlet, kVia,
                   fmt::format("The parameter 'via' is missing: {} asks about the whole "
                               "deployment. Add via= and the configured pool to ask through.",
                               cmdlet.name),
                   "MissingMandatoryParameter", "InvalidArgument", "ParameterBindingException");
}

/// `via` is the pool of a cmdlet that asks about none.
std::expected<collectors::Question, BindError> bind_question(const binding::Cmdlet& cmdlet,
                                                             const std::vector<Token>& tokens,
                                                             std::optional<Fqdn> via) {
  constexpr binding::Policy kPolicy = {
      .refuse_enum_numbers = true, .refuse_enum_lists = true, .refuse_common_parameters = true};
  const auto bound = binding::bind(cmdlet, tokens, kPolicy);
  if (!bound) {
    return std::unexpected(bound.error());
  }
  if (collectors::asks_pool(cmdlet)) {
    // PoolFqdn is mandatory: behind the binder it is there.
    const std::string& name = std::ranges::find(*bound, kPool, &binding::Bound::parameter)->text;
    auto pool = Fqdn::parse(name);
    if (!pool) {
      return std::unexpected(bad_pool(cmdlet, tokens, name, pool.error()));
    }
    via = std::move(*pool);
  }
  if (!via) {
    return std::unexpected(missing_via(cmdlet));
  }
  return collectors::question_of(cmdlet, *bound, std::move(*via));
}

BindError undecodable(const binding::Cmdlet& cmdlet, const Error& error) {
  return own_error(cmdlet, {},
                   fmt::format("The query of the address cannot be read: {}", describe(error)),
                   error.code, "InvalidArgument", "ParameterBindingException");
}

BindError too_many(const binding::Cmdlet& cmdlet, std::size_t count) {
  return own_error(cmdlet, {},
                   fmt::format("The query of the address has {} parameters; {} are allowed.", count,
                               kMaxParameters),
                   "query.too_many_parameters", "InvalidArgument", "ParameterBindingException");
}

}  // namespace

std::expected<Query, http::Response> parse_query_request(const http::Request& request,
                                                         const std::string& request_id) {
  const binding::Cmdlet& cmdlet = cmdlet_of(request.path);
  const auto items = http::parse_query(request.query);
  Form form = guess_form(request, items.value_or(std::vector<QueryItem>()), request_id);
  if (!items) {
    return std::unexpected(binding_response(form, undecodable(cmdlet, items.error())));
  }
  if (items->size() > kMaxParameters) {
    return std::unexpected(binding_response(form, too_many(cmdlet, items->size())));
  }
  std::vector<QueryItem> own;
  std::vector<Token> tokens;
  for (const QueryItem& item : *items) {
    if (find_own(cmdlet, item.name) != nullptr) {
      own.push_back(item);
    } else {
      append_tokens(cmdlet, tokens, item);
    }
  }
  form.line = binding::canonical_line(cmdlet, tokens);
  OwnParameters parameters(cmdlet, form.choice);
  if (const auto error = parameters.read(own)) {
    return std::unexpected(binding_response(form, *error));
  }
  auto question = bind_question(cmdlet, tokens, std::move(parameters.via));
  if (!question) {
    return std::unexpected(binding_response(form, question.error()));
  }
  return Query{.question = std::move(*question),
               .choice = form.choice,
               .width = form.width,
               .max_age = parameters.max_age,
               .line = std::move(form.line)};
}

}  // namespace sfb::serve
