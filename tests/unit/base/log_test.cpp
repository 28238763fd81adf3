#include "agent/base/log.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb {
namespace {

const WallTime kTime = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 23)) +
                       std::chrono::hours(18) + Micros(120'000);

class Recorder final : public LogSink {
 public:
  void write(LogLevel level, std::string_view source, std::string_view event,
             std::span<const LogField> fields) override {
    lines.push_back(format_log_line(LogFormat::logfmt, kTime, level, source, event, fields));
  }
  std::vector<std::string> lines;
};

TEST(LogNames, AreReadAndWritten) {
  for (const LogLevel level : {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_log_level("Info").error().code, "log.level");
  EXPECT_EQ(parse_log_level("").error().code, "log.level");
  EXPECT_EQ(parse_log_format("logfmt"), LogFormat::logfmt);
  EXPECT_EQ(parse_log_format("json"), LogFormat::json);
  EXPECT_EQ(parse_log_format("xml").error().code, "log.format");
}

TEST(Logfmt, QuotesOnlyWhatNeedsIt) {
  const std::vector<LogField> fields = {{"plain", "a/b:1,x"},     {"empty", ""},   {"blank", "a b"},
                                        {"equals", "a=b"},        {"quote", "\""}, {"slash", "\\"},
                                        {"utf8", "Z\xC3\xBCrich"}};
  EXPECT_EQ(
      format_log_line(LogFormat::logfmt, kTime, LogLevel::info, "engine", "pool evaluated", fields),
      "time=2026-11-23T18:00:00.12Z level=info source=engine msg=\"pool evaluated\" "
      "plain=a/b:1,x empty=\"\" blank=\"a b\" equals=\"a=b\" quote=\"\\\"\" slash=\"\\\\\" "
      "utf8=\"Z\xC3\xBCrich\"");
}

TEST(Json, IsOneObject) {
  const std::vector<LogField> fields = {{"pool", "a"},
                                        {"text", "\"\\\b\x1b\t\r\n\xC2\x85\xE2\x80\xA8\xFF"}};
  EXPECT_EQ(
      format_log_line(LogFormat::json, kTime, LogLevel::error, "http", "x", fields),
      "{\"time\":\"2026-11-23T18:00:00.12Z\",\"level\":\"error\",\"source\":\"http\",\"msg\":\"x\","
      "\"pool\":\"a\",\"text\":\"\\\"\\\\\\u0008\\u001b\\t\\r\\n\\u0085\\u2028\xEF\xBF\xBD\"}");
}

TEST(LogLines, AreAlwaysOneLine) {
  std::string every;
  for (int c = 0; c < 256; ++c) {
    every += static_cast<char>(c);
  }
  const std::vector<LogField> fields = {{"all", every}};
  for (const LogFormat format : {LogFormat::logfmt, LogFormat::json}) {
    const std::string line = format_log_line(format, kTime, LogLevel::warn, "s", every, fields);
    for (const char c : line) {
      EXPECT_FALSE((c >= 0 && c < 0x20) || c == 0x7F) << static_cast<int>(c);
    }
  }
}

TEST(Logger, FiltersByLevelAndNamesItsSource) {
  const auto sink = std::make_shared<Recorder>();
  const Logger logger(sink, LogLevel::info, "engine");
  logger.debug("hidden");
  logger.info("shown", {{"pool", "a"}});
  logger.with_source("http").error("failed");
  EXPECT_FALSE(logger.enabled(LogLevel::debug));
  EXPECT_EQ(sink->lines,
            (std::vector<std::string>{
                "time=2026-11-23T18:00:00.12Z level=info source=engine msg=shown pool=a",
                "time=2026-11-23T18:00:00.12Z level=error source=http msg=failed"}));
}

TEST(Logger, WithoutASinkDoesNothing) {
  const Logger logger;
  EXPECT_FALSE(logger.enabled(LogLevel::error));
  logger.error("nobody hears");
}

}  // namespace
}  // namespace sfb
