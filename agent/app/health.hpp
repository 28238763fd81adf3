// The command `health`: does an agent answer? For containers, which have no other program to ask.
#pragma once

#include <string>

namespace sfb::app {

/// Asks /-/healthy at `address`, which is as parse_client_target (http/client.hpp) reads it, and
/// prints one line. kGood when the agent says so within 5 s; kUsage for what is no address; else
/// kFailed. Blocks.
int run_health(const std::string& address);

}  // namespace sfb::app
