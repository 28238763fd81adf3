// Structured log events. The sink (file descriptor, thread) comes from agent/app.
#pragma once

#include "agent/base/time.hpp"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sfb {

enum class LogLevel : std::uint8_t { debug, info, warn, error };

std::string_view to_string(LogLevel level);
/// debug, info, warn or error; else Reason::parse, code `log.level`.
Result<LogLevel> parse_log_level(std::string_view text);

enum class LogFormat : std::uint8_t { logfmt, json };

/// logfmt or json; else Reason::parse, code `log.format`.
Result<LogFormat> parse_log_format(std::string_view text);

/// One key and its value. Keys are ours: lower case letters and underscores.
struct LogField {
  std::string_view key;
  std::string value;
};

/// Where events go. Thread rule: `write` may be called from any thread and must not block.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(LogLevel level, std::string_view source, std::string_view event,
                     std::span<const LogField> fields) = 0;
};

/// A handle for one source (`engine`, `http`): cheap to copy; without a sink it does nothing.
class Logger {
 public:
  Logger() = default;
  Logger(std::shared_ptr<LogSink> sink, LogLevel minimum, std::string source)
      : sink_(std::move(sink)), minimum_(minimum), source_(std::move(source)) {}

  /// The same sink under another source name.
  Logger with_source(std::string source) const { return {sink_, minimum_, std::move(source)}; }
  bool enabled(LogLevel level) const { return sink_ != nullptr && level >= minimum_; }
  void log(LogLevel level, std::string_view event,
           std::initializer_list<LogField> fields = {}) const {
    if (enabled(level)) {
      sink_->write(level, source_, event, {fields.begin(), fields.size()});
    }
  }
  void log(LogLevel level, std::string_view event, std::span<const LogField> fields) const {
    if (enabled(level)) {
      sink_->write(level, source_, event, fields);
    }
  }
  void debug(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    log(LogLevel::debug, event, fields);
  }
  void info(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    log(LogLevel::info, event, fields);
  }
  void warn(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    log(LogLevel::warn, event, fields);
  }
  void error(std::string_view event, std::initializer_list<LogField> fields = {}) const {
    log(LogLevel::error, event, fields);
  }

 private:
  std::shared_ptr<LogSink> sink_;
  LogLevel minimum_ = LogLevel::info;
  std::string source_;
};

/// One event as one line without the line end: `time=... level=info source=engine msg="..."
/// key=value` or the same as a JSON object. Control characters are escaped, so an event is always
/// one line.
std::string format_log_line(LogFormat format, WallTime time, LogLevel level,
                            std::string_view source, std::string_view event,
                            std::span<const LogField> fields);

}  // namespace sfb
