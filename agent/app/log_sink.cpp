#include "agent/app/log_sink.hpp"

#include "agent/base/signals_blocked.hpp"

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <cstdio>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace sfb::app {

namespace {

constexpr std::size_t kQueueLines = 8192;

// Standard error, with a count of what has really been written.
class CountingSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit CountingSink(std::shared_ptr<std::atomic<std::size_t>> written)
      : written_(std::move(written)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string line = std::string(message.payload.data(), message.payload.size()) + '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
    ++*written_;
  }
  void flush_() override { std::fflush(stderr); }

 private:
  std::shared_ptr<std::atomic<std::size_t>> written_;
};

std::shared_ptr<spdlog::details::thread_pool> make_writer() {
  try {
    const SignalsBlocked blocked;
    return std::make_shared<spdlog::details::thread_pool>(kQueueLines, 1);
  } catch (const std::system_error& error) {
    throw std::runtime_error(fmt::format(
        "log: no thread could be started: {} (raise the limit of tasks, TasksMax= of the unit, "
        "ulimit -u)",
        error.code().message()));
  }
}

}  // namespace

StderrSink::StderrSink(LogFormat format, const Clock& clock)
    : format_(format),
      clock_(clock),
      pool_(make_writer()),
      written_(std::make_shared<std::atomic<std::size_t>>(0)) {
  logger_ =
      std::make_shared<spdlog::async_logger>("sfb", std::make_shared<CountingSink>(written_), pool_,
                                             spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_level(spdlog::level::trace);
}

StderrSink::~StderrSink() {
  report_dropped();
}

void StderrSink::write(LogLevel level, std::string_view source, std::string_view event,
                       std::span<const LogField> fields) {
  if (observer_) {
    observer_(level);
  }
  ++queued_;
  logger_->log(spdlog::level::info,
               format_log_line(format_, clock_.now().wall, level, source, event, fields));
}

bool StderrSink::finish(std::chrono::milliseconds grace) {
  report_dropped();
  const auto end = std::chrono::steady_clock::now() + grace;
  while (*written_ + pool_->overrun_counter() < queued_) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
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

std::shared_ptr<StderrSink> counting_sink(LogFormat format, const Clock& clock,
                                          const std::shared_ptr<serve::SelfMetrics>& self) {
  auto sink = std::make_shared<StderrSink>(format, clock);
  sink->on_event([self](LogLevel level) { self->log_message(level); });
  return sink;
}

}  // namespace sfb::app
