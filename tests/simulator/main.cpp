// sfb_backup_simulator: Windows servers with Skype for Business pools, as far as a client of their
// Backup Service can see.
#include "tests/simulator/certificate.hpp"
#include "tests/simulator/site.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

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

int run(const std::string& path) {
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
  if (!scenario->make_certificate.empty()) {
    if (const auto error =
            sim::make_certificates(scenario->make_certificate, scenario->certificate_names)) {
      fmt::print(stderr, "{}{}\n", scenario->certificate_place, *error);
      return 1;
    }
  }
  sim::World world(std::move(*scenario));
  asio::io_context loop(1);
  sim::Sites sites;
  for (const sim::Listener& listener : world.scenario().listeners) {
    sites.push_back(std::make_unique<sim::Site>(loop, listener, world));
    fmt::print(stderr, "listening endpoint={} address={} scheme={}\n", listener.name,
               sites.back()->address(), listener.certificate.empty() ? "http" : "https");
  }
  std::unique_ptr<sim::ControlDoor> control;
  if (world.scenario().control) {
    control = std::make_unique<sim::ControlDoor>(loop, world, sites);
    fmt::print(stderr, "listening endpoint=control address={} scheme=http\n", control->address());
  }
  asio::co_spawn(loop, sweep(sites), asio::detached);
  asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code&, int) { loop.stop(); });
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Plays Windows servers with Skype for Business pools over WS-Management.");
  std::string scenario;
  app.add_option("SCENARIO", scenario, "the scenario file (YAML)")->required();
  try {
    app.parse(argc, argv);
    return run(scenario);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
