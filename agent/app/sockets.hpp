// The sockets that systemd hands over.
#pragma once

#include "agent/app/agent.hpp"
#include "agent/base/descriptor.hpp"
#include "agent/base/error.hpp"

#include <vector>

namespace sfb::app {

/// With `systemd_socket`: those that systemd hands over, whose addresses become
/// `listen_addresses`, so that all that looks at those knows them. Else none. Errors of
/// http::inherited_sockets. Thread rule: once, before there are threads.
Result<std::vector<Descriptor>> take_sockets(AgentOptions& options);

}  // namespace sfb::app
