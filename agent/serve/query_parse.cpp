// From a request's query to a question: the cmdlet's parameters go through PowerShell's binder, our
// own are read here and spelled exactly.
#include "agent/base/text.hpp"
#include "agent/exposition/negotiation.hpp"
#include "agent/http/query_string.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/query.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"

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
/// Ten years: more than any answer is kept.
constexpr std::int64_t kMaxAgeLimit = 315'360'000;

struct OwnParameter {
  std::string_view name;
  std::string_view type_name;  ///< as PowerShell would call it
};

constexpr std::array<OwnParameter, 5> kOwn = {{{"as", "System.String"},
                                               {"width", "System.Int32"},
                                               {"max_age", "System.Int32"},
                                               {"edition", "System.String"},
                                               {"view", "System.String"}}};

const OwnParameter* find_own(std::string_view name) {
  const auto* const found = std::ranges::find(kOwn, name, &OwnParameter::name);
  return found == kOwn.end() ? nullptr : found;
}

const QueryItem* find_item(const std::vector<QueryItem>& items, std::string_view name) {
  const auto found = std::ranges::find(items, name, &QueryItem::name);
  return found == items.end() ? nullptr : &*found;
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, number);
  return failure == std::errc{} && at == end && !text.empty() ? std::optional(number)
                                                              : std::nullopt;
}

std::optional<int> parse_width(std::string_view text) {
  const auto number = parse_whole(text);
  if (!number || *number < kMinWidth || *number > kMaxWidth) {
    return std::nullopt;
  }
  return static_cast<int>(*number);
}

/// JSON must be named: `*/*`, which every client sends, means the text.
bool wants_json(const http::Request& request) {
  std::string accept;
  for (const http::Header& header : request.headers) {
    if (iequals(header.name, "Accept")) {
      accept += (accept.empty() ? "" : ",") + header.value;
    }
  }
  if (to_lower(accept).find("application/json") == std::string::npos) {
    return false;
  }
  const double json = exposition::media_quality(accept, "application", "json");
  return json > 0 && json >= exposition::media_quality(accept, "text", "plain");
}

Form guess_form(const http::Request& request, const std::vector<QueryItem>& items,
                std::string request_id) {
  Form form;
  form.request_id = std::move(request_id);
  format::Choice& choice = form.choice;
  const auto word = [&](std::string_view name) -> std::string_view {
    const QueryItem* item = find_item(items, name);
    return item != nullptr && item->value ? std::string_view(*item->value) : std::string_view();
  };
  if (find_item(items, "as") == nullptr) {
    choice.as = wants_json(request) ? As::json : As::text;
  } else {
    choice.as = format::find_word(format::kForms, word("as")).value_or(As::text);
  }
  choice.edition = format::find_word(format::kEditions, word("edition"));
  choice.view = format::find_word(format::kViews, word("view")).value_or(format::View::automatic);
  if (const QueryItem* width = find_item(items, "width"); width != nullptr && width->value) {
    form.width = parse_width(*width->value).value_or(kDefaultWidth);
  }
  return form;
}

// ---- our own parameters ----

BindError own_error(std::string_view name, std::string message, std::string_view id,
                    std::string_view category, std::string_view exception) {
  BindError error;
  error.message = std::move(message);
  error.error_id = id;
  error.category = category;
  error.category_message =
      fmt::format("{}: (:) [Get-CsBackupServiceStatus], {}", category, exception);
  error.exception_type = fmt::format("System.Management.Automation.{}", exception);
  error.parameter = name;
  return error;
}

BindError bad_value(const QueryItem& item, std::string_view why) {
  return own_error(item.name,
                   fmt::format("Cannot validate argument on parameter '{}'. The value {} {}",
                               item.name, quote(*item.value, 80), why),
                   "ParameterArgumentValidationError", "InvalidData",
                   "ParameterBindingValidationException");
}

std::optional<BindError> check_own(const QueryItem& item, std::span<const QueryItem> before) {
  constexpr std::string_view kException = "ParameterBindingException";
  if (std::ranges::find(before, item.name, &QueryItem::name) != before.end()) {
    return own_error(
        item.name,
        fmt::format("Cannot bind parameter because parameter '{}' is specified more than once.",
                    item.name),
        "ParameterAlreadyBound", "InvalidArgument", kException);
  }
  if (!item.value || item.value->empty()) {
    return own_error(item.name,
                     fmt::format("Missing an argument for parameter '{}'. Specify a parameter of "
                                 "type '{}' and try again.",
                                 item.name, find_own(item.name)->type_name),
                     "MissingArgument", "InvalidArgument", kException);
  }
  return std::nullopt;
}

template <typename T, std::size_t N>
std::optional<BindError> check_word(const QueryItem& item,
                                    const std::array<format::Word<T>, N>& words) {
  if (format::find_word(words, *item.value)) {
    return std::nullopt;
  }
  return bad_value(item, fmt::format("is none of {}.", format::listed(words)));
}

/// An edition or view that is good in itself beside the form.
std::optional<BindError> check_fit(const QueryItem& item, const format::Choice& choice) {
  const auto misfit = format::misfit(choice);
  if (!misfit || misfit->option != item.name) {
    return std::nullopt;
  }
  return bad_value(item, fmt::format("does not go with as={}: {}. Leave the parameter out.",
                                     choice.as == As::json ? "json" : "clixml", misfit->why));
}

/// All but max_age was read already (guess_form); here it is judged.
std::optional<BindError> read_own(const std::vector<QueryItem>& items, const format::Choice& choice,
                                  std::optional<std::chrono::seconds>& max_age) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const QueryItem& item = items[i];
    std::optional<BindError> error = check_own(item, std::span(items).first(i));
    if (error) {
      return error;
    }
    if (item.name == "as") {
      error = check_word(item, format::kForms);
    } else if (item.name == "edition") {
      error = check_word(item, format::kEditions);
    } else if (item.name == "view") {
      error = check_word(item, format::kViews);
    } else if (item.name == "width") {
      if (!parse_width(*item.value)) {
        error = bad_value(
            item, fmt::format("is not a whole number from {} to {}.", kMinWidth, kMaxWidth));
      }
    } else if (item.name == "max_age") {
      const auto seconds = parse_whole(*item.value);
      if (!seconds || *seconds < 0 || *seconds > kMaxAgeLimit) {
        error = bad_value(
            item, fmt::format("is not a whole number of seconds from 0 to {}.", kMaxAgeLimit));
      } else {
        max_age = std::chrono::seconds(*seconds);
      }
    }
    if (!error) {
      error = check_fit(item, choice);
    }
    if (error) {
      return error;
    }
  }
  return std::nullopt;
}

// ---- the cmdlet's parameters ----

/// The type of the cmdlet's own parameter that PowerShell would take `name` for: it decides how a
/// value is written. No two of the four begin alike.
std::optional<binding::ParameterType> type_of(std::string_view name) {
  for (const binding::Parameter& parameter :
       collectors::get_cs_backup_service_status().parameters) {
    if (!name.empty() && istarts_with(parameter.name, name)) {
      return parameter.type;
    }
  }
  return std::nullopt;
}

Token flag_token(const std::string& text) {
  if (iequals(text, "true") || iequals(text, "false")) {
    return {.kind = Token::Kind::boolean, .text = to_lower(text)};
  }
  const bool digit = text == "1" || text == "0";
  return {.kind = digit ? Token::Kind::number : Token::Kind::literal, .text = text};
}

/// `-Name value`, and `-Name:value` for a switch, which takes no other.
void append_tokens(std::vector<Token>& tokens, const QueryItem& item) {
  using binding::ParameterType;
  const auto type = type_of(item.name);
  const bool is_switch = type == ParameterType::switch_flag;
  const bool has_value = item.value && !(is_switch && item.value->empty());
  tokens.push_back(
      {.kind = Token::Kind::parameter, .text = item.name, .with_colon = has_value && is_switch});
  if (!has_value) {
    return;
  }
  if (is_switch || type == ParameterType::boolean) {
    tokens.push_back(flag_token(*item.value));
  } else {
    tokens.push_back({.kind = Token::Kind::literal, .text = *item.value});
  }
}

/// PowerShell's own words for a string that a parameter's type does not take.
BindError bad_fqdn(const std::vector<Token>& tokens, const std::string& text, const Error& error) {
  BindError bad =
      own_error("PoolFqdn",
                fmt::format("Cannot bind parameter 'PoolFqdn'. Cannot convert value \"{}\" to type "
                            "\"Microsoft.Rtc.Management.Deploy.Fqdn\". Error: \"{}\"",
                            text, error.message),
                "CannotConvertArgumentNoMessage", "InvalidArgument", "ParameterBindingException");
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    if (tokens[i - 1].kind == Token::Kind::parameter &&
        type_of(tokens[i - 1].text) == binding::ParameterType::text) {
      bad.offset = tokens[i].offset;
      bad.length = tokens[i].length;
      break;
    }
  }
  return bad;
}

status::Category category_of(std::string_view name) {
  using status::Category;
  for (const Category category : {Category::user_data, Category::cms, Category::rgs}) {
    if (to_string(category) == name) {
      return category;
    }
  }
  return Category::all;
}

std::expected<status::Question, BindError> bind_question(const std::vector<Token>& tokens) {
  constexpr binding::Policy kPolicy = {
      .refuse_enum_numbers = true, .refuse_enum_lists = true, .refuse_common_parameters = true};
  auto bound = binding::bind(collectors::get_cs_backup_service_status(), tokens, kPolicy);
  if (!bound) {
    return std::unexpected(std::move(bound.error()));
  }
  // PoolFqdn is mandatory: behind the binder it is there.
  const std::string& name = std::ranges::find(*bound, "PoolFqdn", &binding::Bound::parameter)->text;
  auto pool = Fqdn::parse(name);
  if (!pool) {
    return std::unexpected(bad_fqdn(tokens, name, pool.error()));
  }
  status::Question question{.pool = std::move(*pool)};
  for (const binding::Bound& value : *bound) {
    if (value.parameter == "Category") {
      question.category = category_of(value.text);
    } else if (value.parameter == "Force") {
      question.force = value.flag;
    } else if (value.parameter == "BypassDualWrite") {
      question.bypass_dual_write = value.flag;
    }
  }
  return question;
}

BindError undecodable(const Error& error) {
  return own_error({}, fmt::format("The query of the address cannot be read: {}", describe(error)),
                   error.code, "InvalidArgument", "ParameterBindingException");
}

BindError too_many(std::size_t count) {
  return own_error({},
                   fmt::format("The query of the address has {} parameters; {} are allowed.", count,
                               kMaxParameters),
                   "query.too_many_parameters", "InvalidArgument", "ParameterBindingException");
}

}  // namespace

Form guess_form(const http::Request& request, std::string request_id) {
  const auto items = http::parse_query(request.query);
  return guess_form(request, items.value_or(std::vector<QueryItem>()), std::move(request_id));
}

std::expected<Query, http::Response> parse_query_request(const http::Request& request,
                                                         const std::string& request_id) {
  const auto items = http::parse_query(request.query);
  Form form = guess_form(request, items.value_or(std::vector<QueryItem>()), request_id);
  if (!items) {
    return std::unexpected(binding_response(form, undecodable(items.error())));
  }
  if (items->size() > kMaxParameters) {
    return std::unexpected(binding_response(form, too_many(items->size())));
  }
  std::vector<QueryItem> own;
  std::vector<Token> tokens;
  for (const QueryItem& item : *items) {
    if (find_own(item.name) != nullptr) {
      own.push_back(item);
    } else {
      append_tokens(tokens, item);
    }
  }
  form.line = binding::canonical_line(collectors::get_cs_backup_service_status(), tokens);
  std::optional<std::chrono::seconds> max_age;
  if (const auto error = read_own(own, form.choice, max_age)) {
    return std::unexpected(binding_response(form, *error));
  }
  auto question = bind_question(tokens);
  if (!question) {
    return std::unexpected(binding_response(form, question.error()));
  }
  return Query{.question = std::move(*question),
               .choice = form.choice,
               .width = form.width,
               .max_age = max_age,
               .line = std::move(form.line)};
}

}  // namespace sfb::serve
