#include "agent/app/check.hpp"

#include "agent/app/callers.hpp"
#include "agent/app/exit_codes.hpp"
#include "agent/app/loading.hpp"
#include "agent/app/setup.hpp"
#include "agent/app/web.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>

namespace sfb::app {

int check_config(const AgentOptions& options) {
  const std::string& web_file = options.web_config_file;
  auto read = read_or_complain(options.config_files);
  const config::Loaded* const loaded = read ? &read->loaded : nullptr;
  std::optional<WebReading> web;
  if (!web_file.empty()) {
    web = read_web_or_complain(web_file);
  }
  if (loaded) {
    for (const config::Problem& warning : loaded->warnings) {
      fmt::print(stderr, "warning: {}\n", config::to_string(warning));
    }
    for (const std::string& file : loaded->files) {
      fmt::print("{}: ok\n", file);
    }
  }
  if (web) {
    for (const std::string& warning : web->warnings) {
      fmt::print(stderr, "warning: {}\n", warning);
    }
    fmt::print("{}: ok\n", web_file);
  }
  if (loaded && (web || web_file.empty())) {
    const config::WebConfig none;  // as at a start without the file
    for (const std::string& doubt : caller_doubts(
             loaded->settings, web ? (*web->state)->config : none, options.listen_addresses)) {
      fmt::print(stderr, "warning: {}\n", doubt);
    }
  }
  if (!loaded || (!web_file.empty() && !web)) {
    return kFailed;
  }
  fmt::print("{} on {}\n", counted(loaded->settings.pools.size(), "pool"),
             counted(loaded->settings.endpoints.size(), "endpoint"));
  if (const auto mine = part_of(loaded->settings, options.shard)) {
    fmt::print("shard {} of {} shards has {}\n", options.shard.ordinal, options.shard.total,
               counted(mine->pools.size(), "pool"));
    for (const config::Pool& pool : mine->pools) {
      fmt::print("  {}\n", pool.fqdn.str());
    }
  }
  return kGood;
}

}  // namespace sfb::app
