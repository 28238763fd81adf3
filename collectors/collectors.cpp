// The registration table: one line per collector.
#include "collectors/collector.hpp"

#include <algorithm>
#include <array>

namespace sfb::collectors {

namespace {

constexpr std::array kCollectors = {
    Collector{"backup_service_status", "Get-CsBackupServiceStatus",
              "State of the Backup Service of a paired pool, module by module.", &interpret},
};

}  // namespace

std::span<const Collector> all() {
  return kCollectors;
}

const Collector* find(std::string_view name) {
  const auto* found = std::ranges::find(kCollectors, name, &Collector::name);
  return found == kCollectors.end() ? nullptr : found;
}

}  // namespace sfb::collectors
