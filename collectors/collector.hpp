// The table of collectors: what can be asked and what the answers mean. One folder and one line in
// collectors.cpp each.
#pragma once

#include "collectors/backup_service_status/interpret.hpp"

#include <span>
#include <string_view>

namespace sfb::collectors {

/// A collector is data and one pure function. It knows neither transports nor metrics.
struct Collector {
  std::string_view name;    ///< its folder
  std::string_view cmdlet;  ///< what to run
  std::string_view about;   ///< one sentence for people
  Result<BackupStatus> (*interpret)(const PipelineResult&, const Limits&);
};

/// All collectors, in a fixed order.
std::span<const Collector> all();

/// By name; nullptr when there is none.
const Collector* find(std::string_view name);

}  // namespace sfb::collectors
