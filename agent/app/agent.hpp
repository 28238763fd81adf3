// The agent itself: starts the rooms in order, reloads on SIGHUP, drains on SIGTERM.
#pragma once

#include "agent/app/shard.hpp"
#include "agent/base/log.hpp"

#include <string>
#include <vector>

namespace sfb::app {

struct AgentOptions {
  std::vector<std::string> config_files;
  bool check_only = false;
  std::vector<std::string> listen_addresses;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> health_addresses;  ///< where only /-/healthy and /-/ready answer, plain
  bool systemd_socket = false;                ///< sockets of systemd instead of listen_addresses
  std::string metrics_path = "/metrics";
  std::string web_config_file;    ///< TLS and users of our own pages (deploy/web.md); empty: none
  double timeout_offset = 0.5;    ///< seconds a probe ends before its scraper gives up
  bool enable_lifecycle = false;  ///< callers of our pages may reload (`POST /-/reload`)
  std::string runbook_url = "file:///usr/share/doc/sfb-backup-exporter/deploy/runbooks";
  Shard shard;
  std::string storage_path;  ///< the folder of the state; empty: nothing outlives the process
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::logfmt;
};

/// Runs the agent until a signal ends it, or with `check_only` checks the configuration. Returns
/// an exit code.
int run_agent(AgentOptions options);

}  // namespace sfb::app
