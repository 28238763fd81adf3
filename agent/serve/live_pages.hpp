// The immutable metrics pages, one for each format and coding that is asked for, rebuilt off the
// loop and shared by concurrent scrapes.
#pragma once

#include "agent/base/time.hpp"
#include "agent/exposition/exposition.hpp"
#include "agent/http/body_parts.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace sfb::serve {

/// A page as the body of an answer: in one piece, or in parts where it is large.
struct PageBody {
  std::shared_ptr<const std::string> whole;
  std::shared_ptr<http::BodyParts> parts;

  bool is_none() const { return whole == nullptr && parts == nullptr; }
};

/// Thread rule: loop thread; rendering and compression run in the worker pool. `board` and
/// `clock` live as long as the loop runs. A job shares `self`, because it may outlive the pool.
class LivePages {
 public:
  LivePages(status::Board& board, std::shared_ptr<SelfMetrics> self, net::WorkerPool& cpu,
            const Clock& clock);

  /// The current page, gzipped if wanted. Rebuilt when a pool's snapshot changed since it was made,
  /// or the configuration was reloaded, or when it is older than a second; callers that come during
  /// a rebuild wait for it, and for the next one when one of these has changed in between: a page
  /// never lacks what was there when its caller came. A scrape never causes an evaluation. Where
  /// there are so many pools that it should not lie in memory whole, or twice, it comes in parts:
  /// the pieces that one page as gzip shares with the next, or the text, made from what that page
  /// is made of. A text of up to 128 MiB that is asked for twice in a second is kept whole for that
  /// second all the same. Errors: those of WorkerPool::run and of gzip, and Reason::internal, code
  /// `page.cancelled` or `page.abandoned` (the agent stops).
  boost::asio::awaitable<Result<PageBody>> get(exposition::Format format, bool gzip);
  /// The same where nothing need be made, else none.
  PageBody ready(exposition::Format format, bool gzip);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::serve
