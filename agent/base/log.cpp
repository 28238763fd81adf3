#include "agent/base/log.hpp"

#include "agent/base/json_string.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb {

namespace {

bool is_bare(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '=' && c != '\\';
  });
}

void append_logfmt(std::string& out, std::string_view key, std::string_view value) {
  out += ' ';
  out += key;
  out += '=';
  if (is_bare(value)) {
    out += value;
  } else {
    append_json_string(out, value);  // logfmt's quoted values follow the same rules
  }
}

void append_json(std::string& out, std::string_view key, std::string_view value) {
  out += ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

std::string_view to_string(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warn:
      return "warn";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

Result<LogLevel> parse_log_level(std::string_view text) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    if (text == to_string(level)) {
      return level;
    }
  }
  return fail(Reason::parse, "log.level", fmt::format("{} is not a log level", quote(text, 40)),
              "use debug, info, warn or error");
}

Result<LogFormat> parse_log_format(std::string_view text) {
  if (text == "logfmt") {
    return LogFormat::logfmt;
  }
  if (text == "json") {
    return LogFormat::json;
  }
  return fail(Reason::parse, "log.format", fmt::format("{} is not a log format", quote(text, 40)),
              "use logfmt or json");
}

std::string format_log_line(LogFormat format, WallTime time, LogLevel level,
                            std::string_view source, std::string_view event,
                            std::span<const LogField> fields) {
  const bool json = format == LogFormat::json;
  const auto append = json ? append_json : append_logfmt;
  std::string out;
  append(out, "time", format_iso8601(time));
  append(out, "level", to_string(level));
  append(out, "source", source);
  append(out, "msg", event);
  for (const LogField& field : fields) {
    append(out, field.key, field.value);
  }
  if (json) {
    out.front() = '{';
    out += '}';
  } else {
    out.erase(0, 1);
  }
  return out;
}

}  // namespace sfb
