// `/probe`: one live evaluation of one pool through the engine, as the query asks, answered as
// metrics.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/http/types.hpp"
#include "agent/net/worker_pool.hpp"
#include "agent/serve/api_parameters.hpp"
#include "agent/serve/elsewhere.hpp"
#include "agent/serve/live_refusals.hpp"
#include "agent/status/board.hpp"
#include "agent/status/evaluation.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace sfb::serve {

struct Probe {
  Fqdn pool;
  bool debug = false;
  std::optional<std::chrono::seconds> max_age = {};  ///< a cached answer that is no older will do
  std::string request_id;
  std::shared_ptr<const http::Request> request;
};

/// All outlive the answer but the worker's jobs.
struct ProbeParts {
  status::Evaluator& evaluator;
  status::Board& board;
  net::WorkerPool& pages;
  const Clock& clock;
  RefusalLog& refusals;
};

struct ProbeLimits {
  std::chrono::nanoseconds most{0};         ///< longest a probe waits
  std::chrono::duration<double> offset{0};  ///< how much sooner than the scraper it ends
  std::size_t max_bytes = 0;                ///< of the text for a reader
  Elsewhere elsewhere = {};
};

bool is_debug(const Given& given);
std::optional<std::chrono::seconds> max_age_of(const Given& given);

/// 200 whether the evaluation was good or not, and where the pool's server is left alone or did not
/// answer in time; 400, 404, and 503 where too many wait or the agent stops. Errors: the worker's.
/// Thread rule: loop thread.
boost::asio::awaitable<Result<http::Response>> probe_page(const ProbeParts& parts,
                                                          const Probe& probe,
                                                          const ProbeLimits& limits);

}  // namespace sfb::serve
