#include "agent/app/workers.hpp"

#include <cstddef>

namespace sfb::app {
namespace {

constexpr std::size_t kPagesQueue = 256;

std::size_t threads() {
  return static_cast<std::size_t>(cpu_threads());
}

}  // namespace

Workers::Workers(const Places& places)
    : pages("pages", 1, kPagesQueue),
      cpu("cpu", threads(), places.rendering),
      files("config", 1, 1),
      logins("logins", threads(), threads()),
      tickets("tickets", 1, places.tickets),
      directory("directory", 2, 1),
      tokens("tokens", 1, 1) {}

Status Workers::start() {
  for (net::WorkerPool* const each : {&pages, &cpu, &files, &logins}) {
    if (Status started = each->start(); !started) {
      return started;
    }
  }
  return {};
}

}  // namespace sfb::app
