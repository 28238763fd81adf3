#include "agent/app/log_sink.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>

namespace sfb::app {

namespace {

constexpr std::size_t kQueueLines = 8192;

}  // namespace

StderrSink::StderrSink(LogFormat format, const Clock& clock)
    : format_(format),
      clock_(clock),
      pool_(std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1)) {
  logger_ = std::make_shared<spdlog::async_logger>(
      "sfb", std::make_shared<spdlog::sinks::stderr_sink_mt>(), pool_,
      spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_pattern("%v");
  logger_->set_level(spdlog::level::trace);
  logger_->flush_on(spdlog::level::trace);  // stderr is unbuffered anyway; nothing waits here
}

StderrSink::~StderrSink() {
  report_dropped();
}

void StderrSink::write(LogLevel level, std::string_view source, std::string_view event,
                       std::span<const LogField> fields) {
  if (observer_) {
    observer_(level);
  }
  logger_->log(spdlog::level::info,
               format_log_line(format_, clock_.now().wall, level, source, event, fields));
}

void StderrSink::flush() {
  report_dropped();
  logger_->flush();
}

void StderrSink::report_dropped() {
  const std::size_t dropped = pool_->overrun_counter();
  if (dropped > reported_) {
    const std::array fields = {LogField{"count", std::to_string(dropped - reported_)}};
    reported_ = dropped;
    write(LogLevel::warn, "log", "log lines were dropped, the reader of stderr is too slow",
          fields);
  }
}

}  // namespace sfb::app
