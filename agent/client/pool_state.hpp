// What the agent's API says of a pool, as far as a monitoring system needs it. Pure functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::client {

/// The export and the import of one module, for a reader: `ErrorState since 2026-...`.
struct ModuleState {
  std::string identity;
  std::string exported;
  std::string imported;
};

/// Ground of a verdict: why it is not good, or unknown.
struct PoolGround {
  std::string code;
  std::string text;
};

struct PoolState {
  std::string pool;
  std::string knowledge;  ///< `none`, `fresh`, `stale`
  std::optional<bool> working;
  std::vector<PoolGround> reasons = {};
  std::vector<PoolGround> doubts = {};
  std::vector<ModuleState> modules = {};
  /// Seconds from the last healthy answer of an export to the last good answer, of the module where
  /// it is longest. None: not known, for one where an export was never seen healthy.
  std::optional<double> lag = {};
  bool lag_known = true;  ///< false: `lag` is absent because it is not known of one at least
  /// No export is known to be behind for a shorter time than this.
  double least_lag = 0;
  std::optional<WallTime> evaluated_at = {};
  std::optional<double> age = {};       ///< seconds
  std::optional<double> duration = {};  ///< seconds, of the last evaluation
  double interval = 0;                  ///< seconds
  std::string failure = {};             ///< why the last evaluation failed; empty: it did not
};

/// A page of `/api/v1/pools` or `/api/v1/pools/{fqdn}`. Errors: those of json::read, and
/// Reason::parse, code `client.page`: it is neither.
Result<std::vector<PoolState>> read_pools(std::string_view body);

/// The `detail` and `remedy` of a problem+json; empty where the body is none.
std::string problem_of(std::string_view body);

}  // namespace sfb::client
