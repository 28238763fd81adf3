// The table of collectors: one line each.
#include "collectors/collector.hpp"

#include "collectors/backup_service_configuration/backup_service_configuration.hpp"
#include "collectors/backup_service_status/backup_service_status.hpp"
#include "collectors/management_store_replication/management_store_replication.hpp"
#include "collectors/pool_backup_relationship/pool_backup_relationship.hpp"

#include <algorithm>
#include <array>

namespace sfb::collectors {

namespace {

constexpr std::array kCollectors = {
    &kBackupServiceStatus,        &kManagementStoreReplication, &kCentralManagementStore,
    &kBackupServiceConfiguration, &kPoolBackupRelationship,
};

}  // namespace

std::span<const Collector* const> all() {
  return kCollectors;
}

const Collector& pool_status() {
  return *kCollectors.front();
}

const Collector* find(std::string_view name) {
  const auto* const found = std::ranges::find(kCollectors, name, &Collector::name);
  return found == kCollectors.end() ? nullptr : *found;
}

std::span<const binding::Cmdlet* const> cmdlets() {
  static const std::vector<const binding::Cmdlet*> kCmdlets = [] {
    std::vector<const binding::Cmdlet*> found;
    for (const Collector* const collector : kCollectors) {
      if (std::ranges::find(found, &collector->cmdlet()) == found.end()) {
        found.push_back(&collector->cmdlet());
      }
    }
    return found;
  }();
  return kCmdlets;
}

std::string_view expandable(const binding::Cmdlet& cmdlet) {
  const auto found = std::ranges::find_if(all(), [&](const Collector* collector) {
    return collector->cmdlet().name == cmdlet.name && collector->expand != nullptr;
  });
  return found == all().end() ? std::string_view() : (*found)->rows_of;
}

bool asks_pool(const binding::Cmdlet& cmdlet) {
  return std::ranges::any_of(cmdlet.parameters, [](const binding::Parameter& parameter) {
    return parameter.name == "PoolFqdn";
  });
}

}  // namespace sfb::collectors
