// The metrics of the configuration. Unknown is absent, never 0; without a fresh answer there are
// none.
#pragma once

#include "agent/exposition/exposition.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/collector.hpp"

#include <optional>
#include <span>

namespace sfb::collectors {

struct ConfigurationView final : View {
  /// `finding` is null where there is nothing fresh.
  ConfigurationView(const Facts& facts, const Configuration* finding, WallTime seen);

  exposition::Labels pool;
  SettingValues values;
  std::optional<bool> groups_match = {};  ///< GroupsComparison::same
};

std::span<const FamilyRow> configuration_families();

/// The settings of the families, under their names without `sfb_backup_service_configuration_`.
Document describe_configuration(const View& view);
std::string schema_of_configuration();

}  // namespace sfb::collectors
