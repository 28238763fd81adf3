// From checked settings to the options of the rooms: the one place that knows both.
#pragma once

#include "agent/base/log.hpp"
#include "agent/engine/engine.hpp"
#include "agent/remote/byte_budget.hpp"
#include "agent/serve/live_service.hpp"
#include "config/loader.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sfb::app {

/// What this build can do, for the loader's messages.
config::Capabilities capabilities();

/// Loads and checks. Problems are printed to stderr, one a line; nullopt then. Warnings are
/// returned inside.
std::optional<config::Loaded> load_or_complain(const std::vector<std::string>& files);

/// The transport of an endpoint; `budget` is shared by all of them, absent: one of its own. Thread
/// rule: loop thread.
std::shared_ptr<remote::Transport> make_transport(const config::Endpoint& endpoint,
                                                  const config::Settings& settings,
                                                  boost::asio::any_io_executor executor,
                                                  const Clock& clock, const Logger& logger,
                                                  std::shared_ptr<remote::ByteBudget> budget = {});

/// The engine's options, transports made anew.
engine::Options engine_options(const config::Settings& settings,
                               boost::asio::any_io_executor executor, const Clock& clock,
                               const Logger& logger);

status::PoolIdentity pool_identity(const config::Pool& pool, const config::Endpoint& endpoint,
                                   const config::Settings& settings);

/// The HTTP surface's options; `hosts` are the names this machine is asked under.
serve::ServiceOptions service_options(const config::Settings& settings,
                                      const std::vector<std::string>& hosts);

/// Names of this machine, hosts of the listen addresses, and `allowed`: what a Host header may say
/// besides the address the connection really reached.
std::vector<std::string> own_hosts(const std::vector<std::string>& listen_addresses,
                                   const std::vector<std::string>& allowed);

}  // namespace sfb::app
