// What the agent needs to take callers' tickets.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <vector>

namespace sfb::app {

/// config::Capabilities::keytab: errors of gss::read_service_keys. Blocks.
Result<std::vector<std::string>> keytab_doubts(const std::string& path);

/// libkrb5 remembers used tickets in this folder, unless $KRB5RCACHEDIR or $KRB5RCACHENAME say
/// another place. Empty: where it does by itself. Changes the environment: before any thread runs.
void remember_tickets_in(const std::string& folder);

}  // namespace sfb::app
