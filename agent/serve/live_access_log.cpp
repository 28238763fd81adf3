#include "agent/serve/live_access_log.hpp"

#include "agent/serve/access_log.hpp"

#include <utility>

namespace sfb::serve {

AccessLog::AccessLog(Logger logger, const Clock& clock, const boost::asio::any_io_executor& loop,
                     std::chrono::nanoseconds period)
    : logger_(std::move(logger)),
      clock_(clock),
      refusals_(period / kMostRefusals, kMostRefusals, clock.now().mono),
      sum_(loop, period, [this] { write(); }) {}

void AccessLog::note(const Route* route, const http::Request& request, const access::Caller& caller,
                     const std::string& request_id, const http::Response& response,
                     std::chrono::nanoseconds took) {
  if (!logger_.enabled(LogLevel::info) || !is_access(route, request, response)) {
    return;
  }
  if (is_bounded(route, response) && !refusals_.take(clock_.now().mono)) {
    ++more_;
    sum_.happened();
    return;
  }
  logger_.log(LogLevel::info, access_event(route, response),
              access_fields(route, request, caller, request_id, response, took));
}

void AccessLog::write() {
  logger_.info("refused, not listed", {{"refused", std::to_string(std::exchange(more_, 0))}});
}

}  // namespace sfb::serve
