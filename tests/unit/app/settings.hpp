// Settings that the tests of this room begin with.
#pragma once

#include "config/settings.hpp"

#include <chrono>
#include <utility>
#include <variant>

namespace sfb::app {

inline config::Settings settings_of(std::chrono::milliseconds interval,
                                    std::chrono::milliseconds max_age) {
  using namespace std::chrono_literals;
  config::Settings settings;
  settings.global.stale_after = 1h;
  settings.global.min_live_interval = 7s;
  settings.global.evaluation_timeout = 33s;
  settings.global.max_concurrent_evaluations = 5;
  settings.limits.modules_per_pool = 3;
  settings.endpoints.push_back(
      {.name = "dropbox",
       .transport = config::File{.path = "/srv/sfb/{pool}.clixml", .max_age = max_age},
       .max_concurrent = 2});
  settings.pools.push_back({.fqdn = *Fqdn::parse("atl.example.com"),
                            .endpoint = "dropbox",
                            .paired_pool = *Fqdn::parse("chi.example.com"),
                            .site = "Atlanta",
                            .deployment = "corp",
                            .cms_master = true,
                            .expect_rgs = false,
                            .evaluation_interval = interval,
                            .evaluation_timeout = 44s});
  return settings;
}

inline config::File& file_of(config::Settings& settings) {
  return std::get<config::File>(settings.endpoints[0].transport);
}

inline config::Winrm& winrm_of(config::Settings& settings) {
  return std::get<config::Winrm>(settings.endpoints[1].transport);
}

// A second endpoint and pool over transport winrm.
inline config::Settings with_winrm() {
  using namespace std::chrono_literals;
  config::Settings settings = settings_of(2min, 30min);
  settings.credentials.push_back({.name = "monitoring",
                                  .method = "basic",
                                  .username = "svc",
                                  .password_file = "/etc/sfb/monitoring.password"});
  config::Winrm winrm;
  winrm.urls = {parse_url("https://atl-fe-001.example.com:5986/wsman").value()};
  winrm.configuration_name = "Sfb";
  winrm.language = config::Language::constrained;
  winrm.import_module = "SkypeForBusiness";
  winrm.credentials = "monitoring";
  winrm.tls = {
      .ca_file = "/etc/sfb/ca.pem", .server_name = "pool.example.com", .min_version = "1.3"};
  winrm.session = {.reuse = false, .max_age = 5min, .max_pipelines = 7};
  settings.endpoints.push_back(
      {.name = "atlanta", .transport = std::move(winrm), .max_concurrent = 3});
  settings.pools[0].endpoint = "atlanta";
  return settings;
}

// The same over transport ssh.
inline config::Settings with_ssh(config::Ssh ssh) {
  using namespace std::chrono_literals;
  config::Settings settings = settings_of(2min, 30min);
  ssh.language = config::Language::none;
  ssh.import_module = "SkypeForBusiness";
  ssh.session = {.reuse = false, .max_age = 5min, .max_pipelines = 7};
  settings.endpoints.push_back(
      {.name = "denver", .transport = std::move(ssh), .max_concurrent = 3});
  return settings;
}

inline config::Ssh target() {
  config::Ssh ssh;
  ssh.folder = "/etc/sfb";
  ssh.host = "den-fe-001.example.com";
  ssh.port = 2222;
  ssh.user = "CORP\\svc";
  ssh.identity_file = "/etc/sfb/key";
  ssh.known_hosts_file = "/etc/sfb/known_hosts";
  return ssh;
}

}  // namespace sfb::app
