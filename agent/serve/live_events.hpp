// `/events`: tells browsers when what the status page shows has changed. Server-sent events, one an
// answer: the browser asks again with the id of the last one, so that no answer needs an end that
// nobody knows, and a proxy that keeps answers back does no harm.
#pragma once

#include "agent/base/time.hpp"
#include "agent/http/types.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/status/board.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace sfb::serve {

struct EventPace {
  std::chrono::milliseconds look{1'000};       ///< how often it is looked, while somebody waits
  std::chrono::milliseconds patience{25'000};  ///< an answer without an event comes after that
  std::size_t most = 64;  ///< who wait at the same time; one more is refused and polls
};

/// What the browser has seen: Last-Event-ID, else `seen` of the query; empty where it does not say.
/// Pure.
std::string seen_by(const http::Request& request);

/// Thread rule: loop thread. `board` lives as long as the loop runs.
class LiveEvents {
 public:
  LiveEvents(status::Board& board, net::WorkerPool& cpu, EventPace pace = {});

  /// An event as soon as the state (page_model.hpp) is another than `seen_by`. A comment when
  /// nothing changed; 503 where EventPace::most wait already, and for those who wait when it stops.
  boost::asio::awaitable<http::Response> next(std::shared_ptr<const http::Request> request);
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::serve
