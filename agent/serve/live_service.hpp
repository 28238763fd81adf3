// The HTTP surface: one route table, each row says where its handler runs. http::Server calls
// `handle`.
#pragma once

#include "agent/access/basic_users.hpp"
#include "agent/base/byte_budget.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/log.hpp"
#include "agent/http/types.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/access.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/serve/live_events.hpp"
#include "agent/serve/live_gate.hpp"
#include "agent/serve/live_push.hpp"
#include "agent/serve/live_reload.hpp"
#include "agent/serve/routes.hpp"
#include "agent/serve/self_metrics.hpp"
#include "agent/status/board.hpp"
#include "agent/status/evaluation.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sfb::serve {

/// What may change at a reload.
struct ServiceOptions {
  AccessOptions access;
  std::string config_yaml;  ///< effective configuration without secrets, for /config
  std::chrono::milliseconds query_timeout{60'000};  ///< longest a query waits, queueing included
  Limits limits;                                    ///< `object`: how large an answer may become
  /// limits.in_flight, which answers hold until they are sent; absent: they hold nothing.
  std::shared_ptr<ByteBudget> budget;
  std::string runbooks = {};  ///< where the runbooks lie, a URL without the last `/`
  Elsewhere elsewhere = {};
  PushOptions push = {};  ///< its budget is `budget`
  Identities identities = {};
};

struct ServiceParts {
  status::Evaluator& evaluator;
  status::Board& board;
  std::shared_ptr<SelfMetrics> self;  ///< shared with jobs of `pages`
  net::WorkerPool& pages;  ///< for metrics pages only, so that a scrape waits for no query
  net::WorkerPool& cpu;
  access::BasicUsers& users;  ///< the service's alone: `set_web` fills it
  const Clock& clock;
  Logger logger;
  std::string version;
  boost::asio::any_io_executor loop;
  /// Server::cut_slow_reader; may be empty.
  std::function<bool()> cut_slow_reader = {};
  /// From a log line about refusals to the next, which has the sum.
  std::chrono::nanoseconds log_period = std::chrono::minutes(1);
  std::string metrics_path = std::string(kMetricsPath);  ///< check_metrics_path took it
  Reload reload = {};                                    ///< empty: callers may not reload
  Push push = {};                                        ///< empty: nobody can push
  /// How much sooner than the scraper gives up a probe ends.
  std::chrono::duration<double> timeout_offset = std::chrono::milliseconds(500);
  std::shared_ptr<Tokens> tokens = {};  ///< null: nothing can read files of tokens
  EventPace event_pace = {};
};

/// Thread rule: loop thread.
class Service {
 public:
  Service(ServiceParts parts, ServiceOptions options);
  ~Service();

  boost::asio::awaitable<http::Response> handle(std::shared_ptr<const http::Request> request);
  /// The same without what the web configuration says about requests: no user, no rate.
  boost::asio::awaitable<http::Response> handle_openly(
      std::shared_ptr<const http::Request> request);
  /// A metrics page that is ready, for a caller who need not be looked at: as `handle` answers it,
  /// at once. False: `handle` must. ServerOptions::ready.
  bool ready(const http::Request& request, http::Response& response);
  /// Counts an answer that the server made itself, for a request that reached no door, and adds
  /// what every answer takes along. `openly`: as in `handle_openly`, nothing.
  void finish_own(http::Response& response, bool openly) const;
  void reconfigure(ServiceOptions options);
  /// What the web configuration says holds from now on, for requests that come.
  void set_web(WebOptions options);
  /// From now on members of these groups may run the cmdlet. The next `reconfigure` brings its own.
  void authorize(std::shared_ptr<const access::Authorized> authorized);
  /// From now on /-/ready says 503.
  void set_draining();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::serve
