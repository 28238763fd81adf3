// The process's log: spdlog's asynchronous logger on stderr, one line an event, never blocking the
// caller.
#pragma once

#include "agent/base/log.hpp"
#include "agent/serve/self_metrics.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

// NOLINTBEGIN(readability-identifier-naming): spdlog's own names
namespace spdlog {
class logger;
namespace details {
class thread_pool;
}
}  // namespace spdlog
// NOLINTEND(readability-identifier-naming)

namespace sfb::app {

/// Thread rule: `write` from any thread; it formats and queues. When the queue is full the oldest
/// lines are overwritten and counted.
class StderrSink final : public LogSink {
 public:
  StderrSink(LogFormat format, const Clock& clock);
  ~StderrSink() override;

  void write(LogLevel level, std::string_view source, std::string_view event,
             std::span<const LogField> fields) override;

  /// Called for every event, for `exporter_log_messages_total`. Set once, before other threads log.
  void on_event(std::function<void(LogLevel)> observer) { observer_ = std::move(observer); }

  /// Waits until all events are written, at most `grace`. False when the reader of stderr is stuck:
  /// then the destructor would be too.
  bool finish(std::chrono::milliseconds grace);

 private:
  void report_dropped();

  LogFormat format_;
  const Clock& clock_;
  std::function<void(LogLevel)> observer_;
  std::shared_ptr<spdlog::details::thread_pool> pool_;
  std::shared_ptr<spdlog::logger> logger_;
  std::shared_ptr<std::atomic<std::size_t>> written_;
  std::atomic<std::size_t> queued_ = 0;
  std::size_t reported_ = 0;
};

/// One whose events are counted (SelfMetrics::log_message).
std::shared_ptr<StderrSink> counting_sink(LogFormat format, const Clock& clock,
                                          const std::shared_ptr<serve::SelfMetrics>& self);

}  // namespace sfb::app
