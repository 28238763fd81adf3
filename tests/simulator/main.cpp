// sfb_backup_simulator: Windows servers with Skype for Business pools, as far as a client of their
// Backup Service can see.
#include "agent/base/build_info.hpp"
#include "agent/base/descriptor.hpp"
#include "tests/simulator/certificate.hpp"
#include "tests/simulator/site.hpp"
#include "tests/simulator/stdio.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <utility>

namespace {

namespace asio = boost::asio;

asio::awaitable<void> sweep(const sim::Sites& sites) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    timer.expires_after(std::chrono::milliseconds(100));
    co_await timer.async_wait(asio::use_awaitable);
    for (const auto& site : sites) {
      site->machine().sweep();
    }
  }
}

int serve(sim::World& world) {
  const sim::Scenario& scenario = world.scenario();
  if (!scenario.make_certificate.empty()) {
    if (const auto error =
            sim::make_certificates(scenario.make_certificate, scenario.certificate_names)) {
      fmt::print(stderr, "{}{}\n", scenario.certificate_place, *error);
      return 1;
    }
  }
  asio::io_context loop(1);
  sim::Sites sites;
  for (const sim::Listener& listener : scenario.listeners) {
    sites.push_back(std::make_unique<sim::Site>(loop, listener, world));
    fmt::print(stderr, "listening endpoint={} address={} scheme={}\n", listener.name,
               sites.back()->address(), listener.certificate.empty() ? "http" : "https");
  }
  std::unique_ptr<sim::ControlDoor> control;
  if (scenario.control) {
    control = std::make_unique<sim::ControlDoor>(loop, world, sites);
    fmt::print(stderr, "listening endpoint=control address={} scheme=http\n", control->address());
  }
  asio::co_spawn(loop, sweep(sites), asio::detached);
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return 0;
}

struct Options {
  std::string scenario;
  bool stdio = false;
  std::string listener;  ///< whom it plays on stdio; empty: the first
  bool errors_on_stdout = false;
  std::string log;
};

int run_stdio(sim::World& world, const Options& options) {
  const auto& listeners = world.scenario().listeners;
  const auto listener = options.listener.empty()
                            ? listeners.begin()
                            : std::ranges::find(listeners, options.listener, &sim::Listener::name);
  if (listener == listeners.end()) {
    fmt::print(stderr, "--listener: the scenario has none of the name {}\n", options.listener);
    return 1;
  }
  return sim::Stdio(world, *listener, options.errors_on_stdout).run();
}

int run(const Options& options) {
  const std::string& path = options.scenario;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) {
    fmt::print(stderr, "sfb_backup_simulator: {} cannot be read\n", path);
    return 1;
  }
  const std::string folder = std::filesystem::absolute(path).parent_path().string();
  auto scenario = sim::read_scenario(text.str(), folder, path);
  if (!scenario) {
    fmt::print(stderr, "{}\n", scenario.error());
    return 1;
  }
  sim::World world(std::move(*scenario));
  if (const auto error = options.log.empty() ? std::nullopt : world.journal.open(options.log)) {
    fmt::print(stderr, "--log: {}\n", *error);
    return 1;
  }
  return options.stdio ? run_stdio(world, options) : serve(world);
}

}  // namespace

int main(int argc, char** argv) {
  if (!sfb::open_missing_streams()) {
    return 1;
  }
  CLI::App app("Plays Windows servers with Skype for Business pools over WS-Management.");
  app.set_version_flag("--version", sfb::version_text("sfb_backup_simulator"));
  Options options;
  app.add_option("SCENARIO", options.scenario, "the scenario file (YAML)")->required();
  auto* const stdio =
      app.add_flag("--stdio", options.stdio,
                   "play one listener's server on stdin and stdout instead, as pwsh -s");
  app.add_option("--listener", options.listener, "whom to play (the first one)")->needs(stdio);
  app.add_flag("--errors-on-stdout", options.errors_on_stdout,
               "tell errors as lines on stdout, as pwsh -sshs")
      ->needs(stdio);
  app.add_option("--log", options.log, "append what happens to this file, as lines of JSON");
  try {
    app.parse(argc, argv);
    std::signal(SIGPIPE, SIG_IGN);  // of a client or an engine that is gone; a write tells it too
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
