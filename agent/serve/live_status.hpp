// The pages for people on the loop: `/`, which is made once for all who see the same, and the pages
// of pools.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/base/time.hpp"
#include "agent/http/types.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/live_settings.hpp"
#include "agent/serve/live_shared.hpp"
#include "agent/serve/page_answer.hpp"
#include "agent/serve/routes.hpp"
#include "agent/status/board.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sfb::serve {

/// What is referred to lives as long as the loop runs.
struct StatusParts {
  status::Board& board;
  net::WorkerPool& cpu;
  const Clock& clock;
  std::string version;
  std::string metrics_path;
};

/// Thread rule: loop thread.
class StatusDoor {
 public:
  /// How many pages `/` are kept: other filters, other codings.
  static constexpr std::size_t kMostKinds = 8;  ///< of refusals as many
  /// Gives a body its share of limits.in_flight. Called on the loop; keeps alive what it uses.
  using Hold = std::function<Result<http::Response>(Result<http::Response>, const LiveSettings&)>;

  explicit StatusDoor(StatusParts parts)
      : parts_(std::make_shared<const StatusParts>(std::move(parts))) {}

  /// Whoever may ask sees the same. `/` is made anew when a pool's snapshot or the settings changed
  /// since, or when it is older than a second, and takes its share of limits.in_flight once. What
  /// stands in its place for the others is made once a second and reload.
  boost::asio::awaitable<http::Response> answer(const Route& route,
                                                std::shared_ptr<const http::Request> request,
                                                std::shared_ptr<const LiveSettings> settings,
                                                access::Caller caller, Hold hold);
  /// A page that is too old for everybody only costs memory.
  void drop_outdated(MonoTime now);

 private:
  struct Kind {
    PageFilter filter;
    bool gzip = false;
    bool operator==(const Kind&) const = default;
  };
  template <typename Key>
  struct Kept {
    Key key;
    Shared<http::Response> page = {};
  };

  template <typename Key>
  static Shared<http::Response> page_of(std::vector<Kept<Key>>& kept, const Key& key);
  /// In the place of the pools. Strangers can ask for it as fast as they like.
  boost::asio::awaitable<http::Response> refused(std::shared_ptr<const LiveSettings> settings,
                                                 Denied denied);

  std::shared_ptr<const StatusParts> parts_;
  std::vector<Kept<Kind>> kept_;  ///< the oldest first, likewise below
  std::vector<Kept<Denied>> refusals_;
};

}  // namespace sfb::serve
