#include "collectors/backup_service_configuration/backup_service_configuration.hpp"

#include "collectors/backup_service_configuration/cmdlet.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/backup_service_configuration/families.hpp"
#include "collectors/last_finding.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <utility>

namespace sfb::collectors {

namespace {

constexpr std::array kSwitches = {kLocalStore};

Result<FindingPtr> find_configuration(const PipelineResult& result, const Limits& limits) {
  static_cast<void>(limits);  // no text of the answer becomes a label
  auto configuration = read_configuration(result);
  if (!configuration) {
    return std::unexpected(std::move(configuration.error()));
  }
  return std::make_shared<const Configuration>(std::move(*configuration));
}

}  // namespace

constinit const Collector kBackupServiceConfiguration = {
    .name = "backup_service_configuration",
    .about = "Settings of the Backup Service, which all pools of a deployment share.",
    .cmdlet = get_cs_backup_service_configuration,
    .script = backup_service_configuration_script,
    .scheduled = kSwitches,
    .interpret = find_configuration,
    // No value is good or bad in itself.
    .judge = [](const Finding&, const Facts&) { return Verdict{}; },
    .changes =
        [](const Finding& before, const Finding& now) {
          return changes(static_cast<const Configuration&>(before),
                         static_cast<const Configuration&>(now));
        },
    .oddities = [](const Finding& finding) -> std::string {
      return fmt::format("{}", fmt::join(finding.notes, "; "));
    },
    .memory = [](const Facts& facts, const Limits&) -> std::unique_ptr<Memory> {
      return std::make_unique<LastFinding<Configuration, ConfigurationView>>(facts);
    },
    .families = configuration_families,
};

}  // namespace sfb::collectors
