// The words that make a check of the command: --nagios or --checkmk, and their thresholds. Pure.
#pragma once

#include "agent/binding/binding.hpp"
#include "agent/client/printout.hpp"
#include "agent/client/range.hpp"

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace sfb::client {

enum class Monitor : std::uint8_t { nagios, checkmk };

struct MonitorOptions {
  Monitor form = Monitor::nagios;
  std::string pool = {};  ///< empty: all pools of the agent
  Range warning = {.high = 0, .text = "0"};
  Range critical = {.high = 3600, .text = "3600"};
};

/// None: the words ask for no monitoring. A refusal is printed as the monitoring system reads it:
/// state unknown. `words` are those behind the program's name.
std::expected<std::optional<MonitorOptions>, Printout> read_monitor_options(
    const binding::Cmdlet& cmdlet, const std::vector<std::string>& words);

}  // namespace sfb::client
