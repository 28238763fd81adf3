#include "collectors/backup_service_configuration/backup_service_configuration.hpp"

#include "agent/base/text.hpp"
#include "collectors/adapters.hpp"
#include "collectors/backup_service_configuration/cmdlet.hpp"
#include "collectors/backup_service_configuration/configuration.hpp"
#include "collectors/backup_service_configuration/families.hpp"
#include "collectors/backup_service_configuration/groups.hpp"
#include "collectors/last_finding.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <vector>

namespace sfb::collectors {

namespace {

constexpr std::array kSwitches = {kLocalStore};

// No text of the answer becomes a label, so no limit counts.
Result<Configuration> read(const PipelineResult& result, const Limits& limits) {
  static_cast<void>(limits);
  return read_configuration(result);
}

std::string listed(const std::vector<std::string>& groups) {
  std::string text;
  for (const std::string& group : groups) {
    text += (text.empty() ? "" : ", ") + quote(group, 80);
  }
  return text.empty() ? "none" : text;
}

std::vector<std::string> other_groups(const Finding& finding, const Facts& facts) {
  const auto& groups = static_cast<const Configuration&>(finding).groups;
  const auto& here = facts.expectation.authorized_groups;
  if (!groups || !here) {
    return {};
  }
  const GroupsComparison found = compare_groups(*groups, *here);
  if (found.same.value_or(false)) {
    return {};
  }
  return {fmt::format(
      "the groups that may ask here {} the server's AuthorizedUniversalGroups; there alone: {}; "
      "here alone: {} (authorization.authorized_universal_groups decides here)",
      found.same ? "are not those of" : "cannot be compared with", listed(found.only_server),
      listed(found.only_here))};
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
    .warnings = other_groups,
    .memory = remember_last<Configuration, ConfigurationView>,
    .families = configuration_families,
    .describe = describe_configuration,
    .schema = schema_of_configuration,
};

}  // namespace sfb::collectors
