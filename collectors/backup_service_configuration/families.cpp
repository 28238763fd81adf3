#include "collectors/backup_service_configuration/families.hpp"

#include "agent/value/time_span.hpp"
#include "collectors/backup_service_configuration/groups.hpp"
#include "collectors/describe.hpp"
#include "collectors/schema.hpp"

#include <array>
#include <cmath>
#include <string_view>

namespace sfb::collectors {

namespace {

using exposition::Type;
using exposition::Writer;

// In the base units of metrics: seconds and bytes.
double number(std::int64_t value, Setting::Kind kind) {
  const auto plain = static_cast<double>(value);
  switch (kind) {
    case Setting::Kind::duration:
      return plain / static_cast<double>(kTicksPerSecond);
    case Setting::Kind::kilobytes:
      return plain * 1'024;
    case Setting::Kind::number:
    case Setting::Kind::boolean:
      break;
  }
  return plain;
}

template <std::size_t place>
void value_of(Writer& writer, const View& view) {
  const auto& shown = static_cast<const ConfigurationView&>(view);
  if (const auto& value = shown.values[place]) {
    writer.sample(shown.pool, number(*value, kSettings[place].kind));
  }
}

void groups_match(Writer& writer, const View& view) {
  const auto& shown = static_cast<const ConfigurationView&>(view);
  if (shown.groups_match) {
    writer.sample(shown.pool, *shown.groups_match ? 1 : 0);
  }
}

constexpr std::array kSettingFamilies = {
    FamilyRow{{"sfb_backup_service_configuration_sync_interval_seconds", Type::gauge, "seconds",
               "How long the Backup Service waits between two synchronisations: SyncInterval of "
               "Get-CsBackupServiceConfiguration, in seconds (cached, last good evaluation)."},
              value_of<place_of("SyncInterval")>},
    FamilyRow{{"sfb_backup_service_configuration_max_concurrent_calls", Type::gauge, "",
               "How many calls the Backup Service takes at once: MaxConcurrentCalls of "
               "Get-CsBackupServiceConfiguration (cached, last good evaluation)."},
              value_of<place_of("MaxConcurrentCalls")>},
    FamilyRow{{"sfb_backup_service_configuration_max_batches_per_cms_sync", Type::gauge, "",
               "How many batches the CMS module exports in one cycle at the most: "
               "MaxBatchesPerCmsSync of Get-CsBackupServiceConfiguration (cached, last good "
               "evaluation)."},
              value_of<place_of("MaxBatchesPerCmsSync")>},
    FamilyRow{{"sfb_backup_service_configuration_max_batches_per_user_store_sync", Type::gauge, "",
               "How many batches the user store module exports in one cycle at the most: "
               "MaxBatchesPerUserStoreSync of Get-CsBackupServiceConfiguration (cached, last good "
               "evaluation)."},
              value_of<place_of("MaxBatchesPerUserStoreSync")>},
    FamilyRow{
        {"sfb_backup_service_configuration_max_data_conf_package_size_bytes", Type::gauge, "bytes",
         "How much the conference data module exports in one cycle at the most: "
         "MaxDataConfPackageSizeKB of Get-CsBackupServiceConfiguration, in bytes (cached, "
         "last good evaluation)."},
        value_of<place_of("MaxDataConfPackageSizeKB")>},
    FamilyRow{{"sfb_backup_service_configuration_max_high_pri_queue_percentage_per_user_store_sync",
               Type::gauge, "",
               "MaxHighPriQueuePercentagePerUserStoreSync of Get-CsBackupServiceConfiguration "
               "(cached, last good evaluation)."},
              value_of<place_of("MaxHighPriQueuePercentagePerUserStoreSync")>},
    FamilyRow{{"sfb_backup_service_configuration_enable_rgs_backup_service", Type::gauge, "",
               "Whether Response Groups are backed up: EnableRgsBackupService of "
               "Get-CsBackupServiceConfiguration (cached, last good evaluation)."},
              value_of<place_of("EnableRgsBackupService")>},
    FamilyRow{
        {"sfb_backup_service_configuration_authorized_universal_groups_match", Type::gauge, "",
         "Whether the groups that may ask here are those of AuthorizedUniversalGroups of "
         "Get-CsBackupServiceConfiguration (cached, last good evaluation)."},
        groups_match},
};
static_assert(kSettingFamilies.size() == kSettings.size() + 1);

}  // namespace

ConfigurationView::ConfigurationView(const Facts& facts, const Configuration* finding,
                                     WallTime seen) {
  static_cast<void>(seen);
  pool.add("pool", facts.pool.str());
  if (finding != nullptr) {
    values = finding->values;
    samples = kSettingFamilies.size();
    if (finding->groups && facts.expectation.authorized_groups) {
      groups_match = compare_groups(*finding->groups, *facts.expectation.authorized_groups).same;
    }
  }
}

std::span<const FamilyRow> configuration_families() {
  return kSettingFamilies;
}

Document describe_configuration(const View& view) {
  constexpr std::string_view kPrefix = "sfb_backup_service_configuration_";
  const auto& shown = static_cast<const ConfigurationView&>(view);
  Document document;
  Record record;
  for (std::size_t i = 0; i < kSettings.size(); ++i) {
    Value told_value;
    if (const auto& value = shown.values[i]) {
      // Whole seconds: what is less is nobody's setting.
      const auto whole = static_cast<std::int64_t>(std::llround(number(*value, kSettings[i].kind)));
      told_value = kSettings[i].kind == Setting::Kind::boolean ? told(whole != 0) : told(whole);
    }
    record.add(kSettingFamilies[i].family.name.substr(kPrefix.size()), std::move(told_value));
  }
  document.roots.push_back(record.into(document.graph));
  return document;
}

std::string schema_of_configuration() {
  using namespace schema;
  return object({{"sync_interval_seconds", nullable("integer")},
                 {"max_concurrent_calls", nullable("integer")},
                 {"max_batches_per_cms_sync", nullable("integer")},
                 {"max_batches_per_user_store_sync", nullable("integer")},
                 {"max_data_conf_package_size_bytes", nullable("integer")},
                 {"max_high_pri_queue_percentage_per_user_store_sync", nullable("integer")},
                 {"enable_rgs_backup_service", nullable("boolean")}});
}

}  // namespace sfb::collectors
