#include "agent/app/agent.hpp"

#include "agent/app/callers.hpp"
#include "agent/app/check.hpp"
#include "agent/app/exit_codes.hpp"
#include "agent/app/front.hpp"
#include "agent/app/groups.hpp"
#include "agent/app/loading.hpp"
#include "agent/app/log_sink.hpp"
#include "agent/app/logons.hpp"
#include "agent/app/notify.hpp"
#include "agent/app/patience.hpp"
#include "agent/app/places.hpp"
#include "agent/app/process.hpp"
#include "agent/app/pushes.hpp"
#include "agent/app/reload_turns.hpp"
#include "agent/app/setup.hpp"
#include "agent/app/signals.hpp"
#include "agent/app/sockets.hpp"
#include "agent/app/state.hpp"
#include "agent/app/tickets.hpp"
#include "agent/app/web.hpp"
#include "agent/app/workers.hpp"
#include "agent/base/build_info.hpp"
#include "agent/base/descriptor.hpp"
#include "agent/base/text.hpp"
#include "agent/net/deadline.hpp"
#include "agent/net/loop_lag.hpp"
#include "agent/os/own_children.hpp"
#include "agent/serve/live_negotiate.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

// How long running requests may take to end after the first SIGTERM; then they are refused, then
// cut.
constexpr std::chrono::seconds kDrain{8};
constexpr std::chrono::seconds kCut{2};
// How long the sessions on the servers may take to be closed: a shell left behind counts against
// the account's quota until the server clears it.
constexpr std::chrono::seconds kClose{6};
// How long somebody who asks for a reload waits for it.
constexpr std::chrono::seconds kReloadWait{60};
constexpr std::chrono::minutes kLogPeriod{1};
// How long the end waits for the reader of the log.
constexpr std::chrono::seconds kLogGrace{1};

serve::BuildInfo build_info() {
  const BuildFacts facts = build_facts();
  return {std::string(facts.version), std::string(facts.revision), std::string(facts.compiler)};
}

// Rooms of one running agent; members are destroyed in reverse order of use.
class Agent {
 public:
  /// `web`: absent without a web configuration file, else a good reading of it.
  Agent(const AgentOptions& options, Reading read, std::optional<WebReading> web,
        std::vector<Descriptor> sockets)
      : options_(options),
        self_(std::make_shared<serve::SelfMetrics>(build_info())),
        sink_(counting_sink(options.log_format, clock_, self_)),
        logger_(sink_, options.log_level, "agent"),
        hosts_(own_hosts(options.listen_addresses, options.allowed_hosts)),
        loaded_(std::move(read.loaded)),
        places_(descriptor_limit()),
        workers_(places_),
        state_(open_state(options.storage_path, loaded_.settings, clock_, logger_, self_)),
        shared_{.budget = std::make_shared<ByteBudget>(loaded_.settings.limits.in_flight),
                .services = std::make_shared<remote::WinrmServices>(loop_.get_executor()),
                .observer = {},
                .ledger = ledger_of(state_, clock_),
                .pushed = make_pushed(state_, clock_, logger_),
                .keys = std::move(read.keys)},
        engine_(loop_.get_executor(), clock_, logger_.with_source("engine"), state_.get()),
        users_(
            loop_.get_executor(), workers_.logins,
            {.threads = static_cast<std::size_t>(cpu_threads()), .most_waiting = places_.logins}),
        tokens_(make_tokens(loop_.get_executor(), workers_.tokens, logger_.with_source("http"))),
        service_({engine_, engine_, self_, workers_.pages, workers_.cpu, users_, clock_,
                  logger_.with_source("http"), std::string(build_facts().version),
                  loop_.get_executor(), [this] { return front_.cut_slow_reader(); }, kLogPeriod,
                  options.metrics_path, reload_door(),
                  make_push(loop_.get_executor(), workers_.cpu, shared_.pushed,
                            loaded_.settings.limits, clock_),
                  std::chrono::duration<double>(options.timeout_offset), tokens_,
                  serve::EventPace{.most = places_.events}},
                 doors()),
        front_({loop_.get_executor(), clock_, logger_, self_,
                std::bind_front(&serve::Service::handle, &service_),
                std::bind_front(&serve::Service::handle_openly, &service_),
                std::bind_front(&serve::Service::ready, &service_),
                [this](http::Response& own) { service_.finish_own(own, false); },
                [this](http::Response& own) { service_.finish_own(own, true); },
                [this](const config::WebConfig& now) {
                  service_.set_web(web_options(now));
                  doubts_.tell(loaded_.settings, front_.web());
                }},
               options_, places_.connections, std::move(web), std::move(sockets)),
        signals_(loop_.get_executor()),
        notify_(loop_.get_executor(), logger_) {
    if (options_.shard.is_part()) {
      self_->shard(options_.shard.ordinal, options_.shard.total);
    }
  }

  int run() {
    if (const Status started = start_workers(); !started) {
      fmt::print(stderr, "sfb_backup_exporter: {}\n", describe(started.error()));
      return kFailed;
    }
    if (const Status listening = front_.start(); !listening) {
      fmt::print(stderr, "sfb_backup_exporter: {}\n", describe(listening.error()));
      return kFailed;
    }
    report_start();
    apply();
    report_shard(options_.shard, watched_, loaded_.settings.pools.size(), logger_);
    groups_->apply(loaded_.settings);
    engine_.start();
    notify_.ready(pools_line());
    spawn(watch_signals());
    const net::LoopLag lag(loop_.get_executor(),
                           [this](std::chrono::nanoseconds late) { self_->loop_lag(late); });
    loop_.run();
    const bool kept = !state_ || state_->close();
    if (!kept) {
      logger_.error("the state's disk does not answer: the last news is not kept");
    }
    if (!sink_->finish(kLogGrace) || !kept) {
      std::_Exit(exit_code_);  // whoever reads stderr does not: its thread would hold the end up
    }
    return exit_code_;
  }

 private:
  Status start_workers() {
    if (Status started = workers_.start(); !started) {
      return started;
    }
    return shared_.services->start();
  }

  serve::ServiceOptions doors() {
    serve::ServiceOptions made =
        service_options(loaded_.settings, hosts_, shared_, options_.runbook_url);
    made.config_yaml.insert(0, config_head(loaded_, clock_.now().wall));
    made.elsewhere = elsewhere(loaded_.settings, options_.shard);
    if (const std::string& keytab = loaded_.settings.authorization.keytab_file; !keytab.empty()) {
      made.identities.tickets = serve::tickets_of(workers_.tickets, keytab);
    }
    return made;
  }

  // Every coroutine of the agent's own ends here; one that throws is a bug and ends the process.
  void spawn(asio::awaitable<void> task) {
    asio::co_spawn(loop_, std::move(task), [this](std::exception_ptr failure) {
      if (!failure) {
        return;
      }
      try {
        std::rethrow_exception(failure);
      } catch (const std::exception& error) {
        logger_.error("agent stopped by an internal error", {{"error", error.what()}});
      }
      exit_code_ = kFailed;
      loop_.stop();
    });
  }

  void report_start() {
    front_.report();
    const serve::BuildInfo built = build_info();
    logger_.info(
        "started",
        {{"version", built.version}, {"revision", built.revision}, {"config_hash", loaded_.hash}});
  }

  std::string pools_line() const { return "watches " + counted(watched_, "pool"); }

  void apply() {
    for (const config::Problem& warning : loaded_.warnings) {
      logger_.warn("configuration", {{"problem", config::to_string(warning)}});
    }
    doubts_.tell(loaded_.settings, front_.web());
    const std::size_t in_flight = loaded_.settings.limits.in_flight;
    if (shared_.budget->total() != in_flight) {
      shared_.budget = std::make_shared<ByteBudget>(in_flight);
    }
    const std::optional<config::Settings> part = part_of(loaded_.settings, options_.shard);
    const config::Settings& mine = part ? *part : loaded_.settings;
    watched_ = mine.pools.size();
    shared_.pushed->set_places(push_places(mine));
    engine::Options options = engine_options(mine, loop_.get_executor(), clock_, logger_, shared_);
    options.max_waiting_queries = places_.waiting_queries;
    engine_.apply(std::move(options));
    if (state_) {
      state_->set_retention(retention_of(loaded_.settings));
    }
    self_->configured_pools(watched_);
    self_->config_reload(true, clock_.now().wall);
  }

  asio::awaitable<void> watch_signals() {
    for (;;) {
      const int signal = co_await signals_.next();
      if (signal == 0) {
        co_return;
      }
      if (signal == SIGHUP) {
        // Not awaited: files on a dead mount must not keep the agent from hearing SIGTERM.
        reloads_.ask();
        continue;
      }
      if (draining_) {
        logger_.warn("second signal, ending at once");
        front_.stop_accepting();  // removes a unix socket's file
        sink_->finish(kLogGrace);
        std::_Exit(kGood);
      }
      draining_ = true;
      logger_.info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
      spawn(drain());
    }
  }

  asio::awaitable<void> drain() {
    reloads_.stop();
    groups_->stop();
    notify_.stopping();
    service_.set_draining();
    if (!co_await front_.drain(net::mono_now() + kDrain)) {
      logger_.warn("requests still running are refused");
      engine_.stop();
      co_await front_.drain(net::mono_now() + kCut);
    }
    engine_.stop();
    front_.close_all();
    if (const std::size_t open = co_await engine_.close(net::mono_now() + kClose); open > 0) {
      logger_.warn(
          "some endpoints could not be cleared in time, their shells are left to the idle "
          "time-out of the servers",
          {{"endpoints", std::to_string(open)}});
    }
    logger_.info("stopped");
    asio::steady_timer settle(loop_, std::chrono::milliseconds(20));
    co_await settle.async_wait(asio::use_awaitable);
    loop_.stop();
  }

  // What POST /-/reload does: the same as SIGHUP. Empty where that is switched off.
  serve::Reload reload_door() {
    if (!options_.enable_lifecycle) {
      return {};
    }
    return [this] { return reloads_.wait(net::mono_now() + kReloadWait); };
  }

  // Both files are read, whatever is wrong with one of them.
  asio::awaitable<serve::Reloaded> reload() {
    doubts_.hold();
    const std::vector<std::string> refused = co_await front_.reload();
    serve::Reloaded reloaded = co_await reload_config();
    if (!refused.empty()) {
      reloaded.status = 500;
      reloaded.lines.insert(reloaded.lines.end(), refused.begin(), refused.end());
    }
    for (const std::string& doubt : doubts_.release(loaded_.settings, front_.web())) {
      reloaded.lines.push_back("warning: " + doubt);
    }
    co_return reloaded;
  }

  // The files are read off the loop: they may lie on a slow mount.
  asio::awaitable<serve::Reloaded> reload_config() {
    auto outcome = co_await loading_.read(options_.config_files, net::mono_now() + kLoadTime);
    serve::Reloaded reloaded;
    if (draining_) {
      co_return reloaded;  // ReloadTurns has told those who wait
    }
    if (!outcome) {
      logger_.error("configuration not reloaded", {{"error", describe(outcome.error())}});
      self_->config_reload(false, clock_.now().wall);
      co_return serve::Reloaded{500, {describe(outcome.error())}};
    }
    if (!*outcome) {
      reloaded.status = 500;
      for (const config::Problem& problem : outcome->error()) {
        reloaded.lines.push_back(config::to_string(problem));
        logger_.error("configuration not reloaded, the last good one stays",
                      {{"problem", reloaded.lines.back()}});
      }
      self_->config_reload(false, clock_.now().wall);
      co_return reloaded;
    }
    loaded_ = std::move((*outcome)->loaded);
    shared_.keys = std::move((*outcome)->keys);
    for (const config::Problem& warning : loaded_.warnings) {
      reloaded.lines.push_back("warning: " + config::to_string(warning));
    }
    if (const Status used = use_realms(loaded_.settings); !used) {
      reloaded.lines.push_back("warning: " + describe(used.error()));
      logger_.error("realms and kdcs are not those of the configuration",
                    {{"error", describe(used.error())}});
    }
    apply();
    reloaded.lines.insert(reloaded.lines.begin(),
                          fmt::format("configuration reloaded: {}, hash {}",
                                      counted(watched_, "pool"), loaded_.hash));
    service_.reconfigure(doors());
    groups_->apply(loaded_.settings);
    notify_.status(pools_line());
    logger_.info("configuration reloaded",
                 {{"config_hash", loaded_.hash}, {"pools", std::to_string(watched_)}});
    co_return reloaded;
  }

  AgentOptions options_;
  const Clock& clock_ = process_clock();
  std::shared_ptr<serve::SelfMetrics> self_;
  std::shared_ptr<StderrSink> sink_;
  Logger logger_;
  std::vector<std::string> hosts_;
  config::Loaded loaded_;
  std::size_t watched_ = 0;  ///< pools of loaded_ that this shard evaluates
  const Places places_;
  asio::io_context loop_{1};
  Workers workers_;
  Loading loading_{workers_.files};
  std::shared_ptr<store::Store> state_;  ///< null: nothing outlives the process
  Shared shared_;
  engine::Engine engine_;
  access::BasicUsers users_;
  std::shared_ptr<serve::Tokens> tokens_;
  serve::Service service_;
  std::shared_ptr<Groups> groups_ = std::make_shared<Groups>(Groups::Parts{
      loop_.get_executor(), workers_.directory, clock_, logger_.with_source("groups"), self_,
      state_, [this](auto authorized) { service_.authorize(std::move(authorized)); }});
  Front front_;
  Signals signals_;
  os::OrphanWatch orphans_{loop_.get_executor()};
  CallerDoubts doubts_{logger_, options_.listen_addresses};
  Notify notify_;
  bool draining_ = false;
  ReloadTurns reloads_{[this] { return reload(); },
                       [this](asio::awaitable<void> task) { spawn(std::move(task)); }};
  int exit_code_ = kGood;
};

}  // namespace

int run_agent(AgentOptions options) {
  if (options.check_only) {
    return check_config(options);
  }
  auto sockets = take_sockets(options);
  if (!sockets) {
    fmt::print(stderr, "sfb_backup_exporter: {}\n", describe(sockets.error()));
    return kFailed;
  }
  auto read = read_or_complain(options.config_files);
  std::optional<WebReading> web;
  if (!options.web_config_file.empty()) {
    web = read_web_or_complain(options.web_config_file);
  }
  if (!read || (!options.web_config_file.empty() && !web)) {
    return kFailed;
  }
  if (const Status used = use_realms(read->loaded.settings); !used) {
    fmt::print(stderr, "sfb_backup_exporter: {}\n", describe(used.error()));
    return kFailed;
  }
  remember_tickets_in(options.storage_path);
  Agent agent(options, std::move(*read), std::move(web), std::move(*sockets));
  return agent.run();
}

}  // namespace sfb::app
