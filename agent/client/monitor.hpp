// The command as a check of Nagios (--nagios) or as a local check of Checkmk (--checkmk): what the
// agent knows, as a state with performance data. Asks no server. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/client/monitor_options.hpp"
#include "agent/client/pool_state.hpp"
#include "agent/http/types.hpp"

#include <cstdint>
#include <string>

namespace sfb::client {

/// The exit codes of Nagios' plugins, and the states of Checkmk.
enum class Severity : std::uint8_t { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// What is said of a pool, or of a command line that cannot be used.
struct Judgement {
  Severity severity = Severity::unknown;
  std::string text;
};

/// The path of the API's page to ask.
std::string monitor_target(const MonitorOptions& options);

/// A pool's state: critical where the verdict is not good, warning where all that is wrong is an
/// export that is behind (NonSteadyState) for less than `critical`, and ok below `warning`; unknown
/// where the verdict is, and where the last evaluation failed, none was made, or the last good one
/// is older than five intervals. Never ok without a good verdict or a threshold that says so.
Judgement judge_pool(const PoolState& pool, const MonitorOptions& options);

/// What to print, and the exit code: the state for Nagios; 0 for Checkmk, which reads the state in
/// its line and would drop the lines of a check that fails. All goes to stdout. Texts of others are
/// without `|`, line ends and control characters.
Printout print_monitor(const MonitorOptions& options, const Result<http::Response>& answer);

}  // namespace sfb::client
