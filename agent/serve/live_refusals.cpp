#include "agent/serve/live_refusals.hpp"

#include <string_view>
#include <utility>

namespace sfb::serve {

namespace {

constexpr std::string_view kInFlight = "query.in_flight";

}  // namespace

RefusalLog::RefusalLog(Logger logger, const boost::asio::any_io_executor& loop,
                       std::chrono::nanoseconds period)
    : logger_(std::move(logger)), sum_(loop, period, [this] { write(); }) {}

void RefusalLog::note(const Error& error) {
  if (error.code == "engine.too_many_waiting" || error.code == "pool.full" ||
      error.code == kInFlight) {
    ++refused_[error.code];
    sum_.happened();
  }
}

void RefusalLog::write() {
  for (const auto& [code, count] : std::exchange(refused_, {})) {
    logger_.warn(code == kInFlight ? "answers refused, others that are not read yet take too much"
                                   : "queries refused, too many wait",
                 {{"refused", std::to_string(count)}, {"code", code}});
  }
}

}  // namespace sfb::serve
