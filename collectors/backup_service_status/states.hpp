// The server's state words and the states they mean. Internal to the collector.
#pragma once

#include "collectors/backup_service_status/status.hpp"

#include <string_view>

namespace sfb::collectors {

/// Any case, blanks anywhere: Microsoft's prose writes `Steady State` where the product writes
/// `SteadyState`. Every other word, a number included, is `unknown`.
ExportState read_export_state(std::string_view word);
ImportState read_import_state(std::string_view word);

}  // namespace sfb::collectors
