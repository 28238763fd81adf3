#include "agent/app/setup.hpp"

#include "agent/app/callers.hpp"
#include "agent/app/logons.hpp"
#include "agent/app/pushes.hpp"
#include "agent/app/reload_values.hpp"
#include "agent/app/tickets.hpp"
#include "agent/base/text.hpp"
#include "agent/net/address.hpp"
#include "agent/remote/process/ssh_command.hpp"
#include "collectors/collector.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <variant>

namespace sfb::app {

namespace {

serve::Anonymous anonymous(config::AllowAnonymous allow) {
  switch (allow) {
    case config::AllowAnonymous::none:
      return serve::Anonymous::none;
    case config::AllowAnonymous::loopback:
      return serve::Anonymous::loopback;
    case config::AllowAnonymous::any:
      return serve::Anonymous::any;
  }
  return serve::Anonymous::none;
}

const config::Endpoint& endpoint_of(const config::Pool& pool, const config::Settings& settings) {
  // The loader refused unknown references, so it is there.
  return *std::ranges::find(settings.endpoints, pool.endpoint, &config::Endpoint::name);
}

remote::Language language(config::Language configured) {
  switch (configured) {
    case config::Language::automatic:
      return remote::Language::automatic;
    case config::Language::full:
      return remote::Language::full;
    case config::Language::constrained:
      return remote::Language::constrained;
    case config::Language::none:
      return remote::Language::none;
  }
  return remote::Language::automatic;
}

// What both transports of PowerShell remoting share; `keys` are an endpoint's of one of them.
template <typename Options, typename Keys>
Options remoting_options(const Keys& keys, const config::Endpoint& endpoint,
                         const config::Settings& settings, const Shared& shared) {
  Options options;
  options.endpoint = endpoint.name;
  options.language = language(keys.language);
  options.import_module = keys.import_module;
  options.reuse = keys.session.reuse;
  options.max_age = keys.session.max_age;
  options.max_pipelines = keys.session.max_pipelines;
  options.max_concurrent = endpoint.max_concurrent;
  options.limits = settings.limits;
  options.budget = shared.budget;
  options.observer = shared.observer;
  return options;
}

std::vector<std::string> ssh_argv(const config::Ssh& ssh) {
  if (!ssh.program.empty()) {
    return ssh.program;
  }
  return remote::ssh_command({.host = ssh.host,
                              .port = ssh.port,
                              .user = ssh.user,
                              .identity_file = ssh.identity_file,
                              .known_hosts_file = ssh.known_hosts_file,
                              .subsystem = ssh.subsystem,
                              .options = ssh.options});
}

}  // namespace

remote::SshOptions ssh_options(const config::Endpoint& endpoint, const config::Settings& settings,
                               Shared shared) {
  const auto& ssh = std::get<config::Ssh>(endpoint.transport);
  auto options = remoting_options<remote::SshOptions>(ssh, endpoint, settings, shared);
  options.argv = ssh_argv(ssh);
  options.folder = ssh.folder;
  options.is_ssh = ssh.program.empty();
  if (shared.services) {
    options.readers = {shared.services, &shared.services->readers};
  }
  return options;
}

config::Capabilities capabilities() {
  config::Capabilities build;
  build.transports = config::transport_names();
  build.methods = {"basic", "kerberos", "negotiate", "ntlm"};
  build.keytab = keytab_doubts;
  build.pool_status = collectors::pool_status().name;
  for (const collectors::Collector* const each : collectors::all().subspan(1)) {
    build.collectors.emplace_back(each->name);
    if (collectors::asks_pool(each->cmdlet())) {
      build.collectors_of_a_pool.emplace_back(each->name);
    }
  }
  return build;
}

remote::WinrmOptions winrm_options(const config::Endpoint& endpoint,
                                   const config::Settings& settings, const Clock& clock,
                                   Shared shared) {
  const auto& winrm = std::get<config::Winrm>(endpoint.transport);
  auto options = remoting_options<remote::WinrmOptions>(winrm, endpoint, settings, shared);
  options.urls = winrm.urls;
  options.tls = {.ca_file = winrm.tls.ca_file,
                 .server_name = winrm.tls.server_name,
                 .minimum = winrm.tls.min_version == "1.3" ? net::TlsVersion::tls1_3
                                                           : net::TlsVersion::tls1_2};
  options.logon = logon_of(winrm, settings, clock);
  options.configuration_name = winrm.configuration_name;
  options.services = std::move(shared.services);
  options.ledger = std::move(shared.ledger);
  return options;
}

remote::FileOptions file_options(const config::Endpoint& endpoint, const config::Settings& settings,
                                 Shared shared) {
  const auto& file = std::get<config::File>(endpoint.transport);
  remote::FileOptions options;
  options.endpoint = endpoint.name;
  options.path = file.path;
  options.max_age = file.max_age;
  options.limits = settings.limits;
  options.budget = std::move(shared.budget);
  options.observer = std::move(shared.observer);
  return options;
}

remote::PushOptions push_options(const config::Endpoint& endpoint, const config::Settings& settings,
                                 Shared shared) {
  return {.endpoint = endpoint.name,
          .max_age = std::get<config::Push>(endpoint.transport).max_age,
          .limits = settings.limits,
          .budget = std::move(shared.budget),
          .pushed = std::move(shared.pushed)};
}

std::shared_ptr<remote::Transport> make_transport(const config::Endpoint& endpoint,
                                                  const config::Settings& settings,
                                                  boost::asio::any_io_executor executor,
                                                  const Clock& clock, const Logger& logger,
                                                  Shared shared) {
  const Logger own = logger.with_source(std::string(config::name_of(endpoint.transport)));
  if (std::holds_alternative<config::Winrm>(endpoint.transport)) {
    return remote::make_winrm_transport(std::move(executor),
                                        winrm_options(endpoint, settings, clock, std::move(shared)),
                                        clock, own);
  }
  if (std::holds_alternative<config::Ssh>(endpoint.transport)) {
    return remote::make_process_transport(
        std::move(executor), ssh_options(endpoint, settings, std::move(shared)), clock, own);
  }
  if (std::holds_alternative<config::Push>(endpoint.transport)) {
    return remote::make_push_transport(push_options(endpoint, settings, std::move(shared)), clock);
  }
  return remote::make_file_transport(
      std::move(executor), file_options(endpoint, settings, std::move(shared)), clock, own);
}

namespace {

// To compare with the server's; null where nobody can prove a group here.
std::shared_ptr<const std::vector<std::string>> compared_groups(
    const config::Authorization& authorization) {
  return authorization.proves_groups() ? std::make_shared<const std::vector<std::string>>(
                                             authorization.authorized_universal_groups)
                                       : nullptr;
}

}  // namespace

status::PoolIdentity pool_identity(const config::Pool& pool, const config::Endpoint& endpoint,
                                   const config::Settings& settings) {
  const auto* const file = std::get_if<config::File>(&endpoint.transport);
  const auto* const push = std::get_if<config::Push>(&endpoint.transport);
  return {.fqdn = pool.fqdn,
          .paired_pool = pool.paired_pool.str(),
          .site = pool.site,
          .deployment = pool.deployment,
          .endpoint = endpoint.name,
          .transport = std::string(config::name_of(endpoint.transport)),
          .expectation = {.cms_master = pool.cms_master,
                          .expect_rgs = pool.expect_rgs,
                          .authorized_groups = compared_groups(settings.authorization)},
          .interval = pool.evaluation_interval,
          .stale_after = settings.global.stale_after,
          .file_max_age = file != nullptr   ? std::optional(file->max_age)
                          : push != nullptr ? std::optional(push->max_age)
                                            : std::nullopt};
}

// Another collector at the same pool. What is asked seldom stays shown until it was missed twice.
engine::PoolOptions also_asked(engine::PoolOptions pool, const config::PoolCollector& collector) {
  pool.what = collectors::find(collector.name);  // the loader knows the names of this build
  pool.evaluation_interval = collector.interval;
  pool.identity.interval = collector.interval;
  pool.identity.stale_after = std::max(pool.identity.stale_after, 3 * collector.interval);
  return pool;
}

engine::Options engine_options(const config::Settings& settings,
                               boost::asio::any_io_executor executor, const Clock& clock,
                               const Logger& logger, const Shared& shared) {
  engine::Options options;
  options.min_live_interval = settings.global.min_live_interval;
  options.max_concurrent_evaluations = settings.global.max_concurrent_evaluations;
  options.limits = settings.limits;
  for (const config::Endpoint& endpoint : settings.endpoints) {
    options.endpoints.push_back(
        {.name = endpoint.name,
         .transport = make_transport(endpoint, settings, executor, clock, logger, shared),
         .max_concurrent = endpoint.max_concurrent,
         .identity = endpoint_identity(endpoint, settings),
         .source = endpoint_source(endpoint, settings),
         .account = endpoint_account(endpoint, settings),
         .settings = endpoint_settings(endpoint, settings),
         .terms = endpoint_terms(endpoint, settings, shared.keys)});
  }
  for (const config::Pool& pool : settings.pools) {
    const engine::PoolOptions status{
        .identity = pool_identity(pool, endpoint_of(pool, settings), settings),
        .evaluation_interval = pool.evaluation_interval,
        .evaluation_timeout = pool.evaluation_timeout};
    options.pools.push_back(status);
    for (const config::PoolCollector& collector : pool.collectors) {
      options.pools.push_back(also_asked(status, collector));
    }
  }
  return options;
}

serve::ServiceOptions service_options(const config::Settings& settings,
                                      const std::vector<std::string>& hosts, const Shared& shared,
                                      std::string_view runbooks) {
  serve::ServiceOptions options;
  options.limits = settings.limits;
  options.budget = shared.budget;
  options.access.allow_anonymous = anonymous(settings.authorization.allow_anonymous);
  options.access.hosts = hosts;
  options.access.authorized = std::make_shared<const access::Authorized>(
      settings.authorization.authorized_universal_groups);
  options.identities = identities_of(settings.authorization);
  options.push = push_door_options(settings, shared.budget);
  options.config_yaml = config::to_yaml(settings);
  while (runbooks.ends_with('/')) {
    runbooks.remove_suffix(1);
  }
  options.runbooks = runbooks;
  // The engine ends each run at its pool's own limit; the door waits for the most patient pool.
  options.query_timeout = settings.global.evaluation_timeout;
  for (const config::Pool& pool : settings.pools) {
    options.query_timeout = std::max(options.query_timeout, pool.evaluation_timeout);
  }
  return options;
}

serve::WebOptions web_options(const config::WebConfig& web) {
  serve::WebOptions options;
  for (const config::WebHeader& header : web.headers) {
    options.headers.push_back({header.name, header.value});
  }
  for (const config::WebUser& user : web.basic_auth_users) {
    options.users.push_back({user.name, user.hash, user.cost});
  }
  if (web.rate_limit && web.rate_limit->interval.count() > 0) {
    options.rate = {web.rate_limit->interval, web.rate_limit->burst};
  }
  return options;
}

std::string config_head(const config::Loaded& loaded, WallTime taken) {
  std::string head =
      fmt::format("# In use since {}, hash {}; every default written out. Read from:\n",
                  format_iso8601(taken), loaded.hash);
  for (const std::string& file : loaded.files) {
    // A line end in a name would be read as configuration.
    head += fmt::format("#   {}\n", quote(file, 4096));
  }
  return head;
}

std::vector<std::string> own_hosts(const std::vector<std::string>& listen_addresses,
                                   const std::vector<std::string>& allowed) {
  std::vector<std::string> hosts = {"localhost", "127.0.0.1", "::1"};
  const auto add = [&](std::string_view host) {
    std::string lower = to_lower(host);
    if (!lower.empty() && std::ranges::find(hosts, lower) == hosts.end()) {
      hosts.push_back(std::move(lower));
    }
  };
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) == 0) {
    const std::string_view full(name.data());
    add(full);
    add(full.substr(0, full.find('.')));
  }
  for (const std::string& text : listen_addresses) {
    if (const auto address = net::parse_listen_address(text)) {
      add(address->host);
    }
  }
  std::ranges::for_each(allowed, add);
  return hosts;
}

}  // namespace sfb::app
