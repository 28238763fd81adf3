#include "agent/serve/api_parameters.hpp"

#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "agent/http/query_string.hpp"
#include "agent/serve/problem.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace sfb::serve {
namespace {

using ReadValue = std::expected<Given::Value, Error>;

constexpr std::size_t kShownValue = 80;

Error bad_parameter(std::string_view area, std::string_view kind, std::string message,
                    std::string remedy) {
  return {
      Reason::parse, fmt::format("{}.{}", area, kind), std::move(message), std::move(remedy), {},
      Stage::none};
}

http::Response parameter_problem(const Error& error, std::string_view parameter) {
  return problem_json(400, error, std::string(parameter), {});
}

const Parameter* find_parameter(std::span<const Parameter> known, std::string_view name) {
  const auto found = std::ranges::find_if(known, [&](const Parameter& parameter) {
    return !parameter.in_path &&
           (parameter.any_case ? iequals(parameter.name, name) : parameter.name == name);
  });
  return found == known.end() ? nullptr : &*found;
}

std::vector<std::string_view> parameter_names(std::span<const Parameter> known) {
  std::vector<std::string_view> names;
  for (const Parameter& parameter : known) {
    if (!parameter.in_path) {
      names.emplace_back(parameter.name);
    }
  }
  return names;
}

Error unknown_parameter(std::span<const Parameter> known, std::string_view area,
                        std::string_view name) {
  const std::vector<std::string_view> names = parameter_names(known);
  const std::string near = did_you_mean(near_names(name, names));
  std::string remedy = "this page takes no parameters";
  if (!near.empty()) {
    remedy = near;
  } else if (names.size() == 1) {
    remedy = fmt::format("give {} alone", names.front());
  } else if (!names.empty()) {
    remedy = fmt::format("there are: {}", fmt::join(names, ", "));
  }
  return bad_parameter(area, "unknown_parameter",
                       fmt::format("there is no parameter {}", quote(name, kShownValue)),
                       std::move(remedy));
}

/// Nothing beyond it fits a WallTime, nor is it a moment that anybody remembers.
constexpr double kMostSeconds = 253'402'300'799;  // the end of the year 9999

std::optional<WallTime> parse_moment(const std::string& text) {
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (failure == std::errc{} && at == end) {
    const bool fits = std::isfinite(seconds) && seconds >= 0 && seconds <= kMostSeconds;
    return fits ? std::optional(WallTime(Micros(std::llround(seconds * 1e6)))) : std::nullopt;
  }
  const auto time = parse_iso8601(text);
  return time ? std::optional(*time) : std::nullopt;
}

ReadValue read_value(const Parameter& parameter, std::string_view area, const std::string& text) {
  const auto bad = [&](std::string_view why, std::string remedy) {
    return std::unexpected(bad_parameter(
        area, "bad_value",
        fmt::format("the value {} of {} {}", quote(text, kShownValue), parameter.name, why),
        std::move(remedy)));
  };
  switch (parameter.type) {
    case Parameter::Type::pool: {
      auto pool = Fqdn::parse(text);
      return pool ? ReadValue(std::move(*pool))
                  : ReadValue(std::unexpected(std::move(pool.error())));
    }
    case Parameter::Type::text:
    case Parameter::Type::flag:
      return text;
    case Parameter::Type::word:
      if (std::ranges::find(parameter.words, text) == parameter.words.end()) {
        return bad("is none of those there are",
                   fmt::format("give one of {}", fmt::join(parameter.words, ", ")));
      }
      return text;
    case Parameter::Type::moment: {
      const auto time = parse_moment(text);
      return time ? ReadValue(*time)
                  : bad("is no time",
                        "give ISO 8601 (2026-11-23T18:47:03Z; a + of a zone is %2B) or Unix "
                        "seconds");
    }
    case Parameter::Type::count: {
      std::int64_t number = 0;
      const char* const end = text.data() + text.size();
      const auto [at, failure] = std::from_chars(text.data(), end, number);
      const bool good = failure == std::errc{} && at == end && !text.empty() &&
                        number >= parameter.least && number <= parameter.most;
      return good ? ReadValue(number)
                  : bad(fmt::format("is not a whole number from {} to {}", parameter.least,
                                    parameter.most),
                        "give such a number");
    }
  }
  return text;
}

}  // namespace

std::expected<Given, http::Response> read_parameters(std::span<const Parameter> known,
                                                     std::string_view area,
                                                     const http::Request& request,
                                                     std::string_view path_value) {
  const auto items = http::parse_query(request.query);
  if (!items) {
    return std::unexpected(parameter_problem(items.error(), {}));
  }
  Given given;
  const auto take = [&](const Parameter& parameter, const std::string& text) -> Status {
    ReadValue value = read_value(parameter, area, text);
    if (!value) {
      return std::unexpected(std::move(value.error()));
    }
    given.put(parameter.name, std::move(*value));
    return {};
  };
  for (const http::QueryItem& item : *items) {
    const Parameter* const parameter = find_parameter(known, item.name);
    if (parameter == nullptr) {
      return std::unexpected(
          parameter_problem(unknown_parameter(known, area, item.name), item.name));
    }
    if (given.has(parameter->name)) {
      return std::unexpected(parameter_problem(
          bad_parameter(area, "duplicate_parameter",
                        fmt::format("{} is given more than once", parameter->name), "give it once"),
          parameter->name));
    }
    if (Status taken = take(*parameter, item.value.value_or("")); !taken) {
      return std::unexpected(parameter_problem(taken.error(), parameter->name));
    }
  }
  for (const Parameter& parameter : known) {
    if (parameter.in_path) {
      if (Status taken = take(parameter, std::string(path_value)); !taken) {
        return std::unexpected(parameter_problem(taken.error(), parameter.name));
      }
    } else if (parameter.required && !given.has(parameter.name)) {
      return std::unexpected(parameter_problem(
          bad_parameter(area, "missing_parameter", fmt::format("{} is missing", parameter.name),
                        fmt::format("add ?{}= and the name of a configured pool", parameter.name)),
          parameter.name));
    }
  }
  return given;
}

}  // namespace sfb::serve
