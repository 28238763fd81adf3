#include "agent/app/notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <system_error>
#include <utility>

namespace sfb::app {
namespace {

// As text of one line: a line feed would begin another assignment.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\0') {
      c = ' ';
    }
  }
  return text;
}

}  // namespace

Notify::Notify(const boost::asio::any_io_executor& loop, Logger logger)
    : logger_(std::move(logger)), timer_(loop) {
  std::uint64_t limit = 0;
  if (sd_watchdog_enabled(0, &limit) > 0) {
    period_ = std::chrono::microseconds(limit / 2);
  }
}

void Notify::ready(const std::string& status) {
  tell("READY=1\nSTATUS=" + one_line(status));
  if (period_.count() > 0) {
    beat();
  }
}

void Notify::status(const std::string& status) {
  tell("STATUS=" + one_line(status));
}

void Notify::stopping() {
  tell("STOPPING=1\nSTATUS=stopping");
}

void Notify::beat() {
  tell("WATCHDOG=1");
  timer_.expires_after(period_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) {
      beat();
    }
  });
}

void Notify::tell(const std::string& state) {
  const int told = sd_notify(0, state.c_str());  // 0: nobody wants to know
  if (told < 0 && !std::exchange(deaf_, true)) {
    logger_.warn("the service manager cannot be told how it goes",
                 {{"error", std::system_category().message(-told)}});
  } else if (told > 0) {
    deaf_ = false;
  }
}

}  // namespace sfb::app
