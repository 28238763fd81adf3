#include "collectors/backup_service_configuration/backup_service_configuration.hpp"

#include "collectors/adapters.hpp"
#include "collectors/backup_service_configuration/cmdlet.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/backup_service_configuration/families.hpp"
#include "collectors/last_finding.hpp"

#include <array>

namespace sfb::collectors {

namespace {

constexpr std::array kSwitches = {kLocalStore};

// No text of the answer becomes a label, so no limit counts.
Result<Configuration> read(const PipelineResult& result, const Limits& limits) {
  static_cast<void>(limits);
  return read_configuration(result);
}

}  // namespace

constinit const Collector kBackupServiceConfiguration = {
    .name = "backup_service_configuration",
    .about = "Settings of the Backup Service, which all pools of a deployment share.",
    .cmdlet = get_cs_backup_service_configuration,
    .script = backup_service_configuration_script,
    .scheduled = kSwitches,
    .interpret = interpret_as<Configuration, read>,
    // No value is good or bad in itself.
    .judge = [](const Finding&, const Facts&) { return Verdict{}; },
    .changes = changes_as<Configuration>,
    .oddities = notes_of,
    .memory = remember_last<Configuration, ConfigurationView>,
    .families = configuration_families,
    .describe = describe_configuration,
    .schema = schema_of_configuration,
};

}  // namespace sfb::collectors
