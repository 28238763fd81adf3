// --config.check.
#pragma once

#include "agent/app/agent.hpp"

namespace sfb::app {

/// Prints what is wrong in the configuration files and in the web configuration file (empty: there
/// is none), then what is doubtful, then that a file is good, and the pools of a shard. Returns an
/// exit code.
int check_config(const AgentOptions& options);

}  // namespace sfb::app
