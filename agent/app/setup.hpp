// From checked settings to the options of the rooms: the one place that knows both.
#pragma once

#include "agent/app/reload_values.hpp"
#include "agent/base/byte_budget.hpp"
#include "agent/base/log.hpp"
#include "agent/engine/engine.hpp"
#include "agent/remote/file/file_transport.hpp"
#include "agent/remote/process/process_transport.hpp"
#include "agent/remote/push/push_transport.hpp"
#include "agent/remote/session/observer.hpp"
#include "agent/remote/winrm/winrm_transport.hpp"
#include "agent/serve/live_service.hpp"
#include "config/loader.hpp"
#include "config/web_config.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace sfb::app {

/// What this build can do, for the loader's messages.
config::Capabilities capabilities();

/// What transports share. Each may be absent: then a transport has its own, or no observer.
struct Shared {
  std::shared_ptr<ByteBudget> budget;                ///< by all while limits.in_flight stays
  std::shared_ptr<remote::WinrmServices> services;   ///< by all of a process
  std::shared_ptr<remote::Observer> observer;        ///< `evaluate` only
  std::shared_ptr<remote::ShellLedger> ledger = {};  ///< where a state is kept
  std::shared_ptr<remote::Pushed> pushed = {};       ///< of the running agent alone
  KeyMarks keys = {};                                ///< of the configuration in use, likewise
};

/// The options of a `winrm` endpoint's transport. `clock` outlives it.
remote::WinrmOptions winrm_options(const config::Endpoint& endpoint,
                                   const config::Settings& settings, const Clock& clock,
                                   Shared shared);

/// Those of an `ssh` endpoint's.
remote::SshOptions ssh_options(const config::Endpoint& endpoint, const config::Settings& settings,
                               Shared shared);

/// Those of a `file` endpoint's.
remote::FileOptions file_options(const config::Endpoint& endpoint, const config::Settings& settings,
                                 Shared shared);

/// Those of a `push` endpoint's.
remote::PushOptions push_options(const config::Endpoint& endpoint, const config::Settings& settings,
                                 Shared shared);

/// The transport of an endpoint. Thread rule: loop thread.
std::shared_ptr<remote::Transport> make_transport(const config::Endpoint& endpoint,
                                                  const config::Settings& settings,
                                                  boost::asio::any_io_executor executor,
                                                  const Clock& clock, const Logger& logger,
                                                  Shared shared = {});

/// The engine's options, transports made anew; `shared` outlives their last coroutine.
engine::Options engine_options(const config::Settings& settings,
                               boost::asio::any_io_executor executor, const Clock& clock,
                               const Logger& logger, const Shared& shared = {});

status::PoolIdentity pool_identity(const config::Pool& pool, const config::Endpoint& endpoint,
                                   const config::Settings& settings);

/// The HTTP surface's options; `hosts` are the names this machine is asked under, `runbooks` is
/// where the runbooks lie.
serve::ServiceOptions service_options(const config::Settings& settings,
                                      const std::vector<std::string>& hosts,
                                      const Shared& shared = {}, std::string_view runbooks = {});

/// What the web configuration says about requests.
serve::WebOptions web_options(const config::WebConfig& web);

/// The head of `/config`, as comments: files in the order they were read, hash, and since when they
/// are in use.
std::string config_head(const config::Loaded& loaded, WallTime taken);

/// Names of this machine, hosts of the listen addresses, and `allowed`: what a Host header may say
/// besides the address the connection really reached.
std::vector<std::string> own_hosts(const std::vector<std::string>& listen_addresses,
                                   const std::vector<std::string>& allowed);

}  // namespace sfb::app
