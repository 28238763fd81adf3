#include "collectors/backup_service_status/families.hpp"

#include <algorithm>
#include <array>

namespace sfb::collectors {

namespace {

using exposition::Labels;
using exposition::Type;
using exposition::Writer;

/// Samples of a pool without modules, and more for each module.
constexpr std::size_t kPoolSamples = 24;
constexpr std::size_t kModuleSamples = 15;

const BackupView& of(const View& view) {
  return static_cast<const BackupView&>(view);
}

double number(bool value) {
  return value ? 1 : 0;
}

template <std::optional<bool> Verdict::* part>
void verdict(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  if (const std::optional<bool>& value = pool.shown.verdict.*part; pool.shown.fresh && value) {
    writer.sample(pool.pool, number(*value));
  }
}

/// The verdict's part in one module: 0 where the verdict names it as a reason, absent where it
/// doubts the module or the whole answer.
std::optional<bool> working_part(const BackupShown& shown, const std::string& module) {
  const auto named = [&](const Ground& ground) { return ground.module == module; };
  if (!shown.fresh || !shown.verdict.configured) {
    return std::nullopt;
  }
  if (std::ranges::any_of(shown.verdict.reasons, named)) {
    return false;
  }
  return std::ranges::any_of(shown.verdict.doubts, named) ? std::nullopt : std::optional(true);
}

void module_working(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  for (std::size_t i = 0; i < pool.modules.size(); ++i) {
    if (const std::optional<bool>& value = pool.working[i]; pool.shown.fresh && value) {
      writer.sample(pool.modules[i], number(*value));
    }
  }
}

/// One series per module with a time.
template <std::optional<WallTime> ModuleSeries::* time>
void module_times(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  for (std::size_t i = 0; i < pool.modules.size(); ++i) {
    if (const std::optional<WallTime>& current = pool.shown.modules[i].*time) {
      writer.sample(pool.modules[i], to_unix_seconds(*current));
    }
  }
}

/// All states of one thing: exactly one is 1.
template <typename States, typename State>
void all_states(Writer& writer, const Labels& labels, const States& states, State current) {
  for (const auto state : states) {
    writer.state(labels, to_string(state), state == current);
  }
}

template <const auto& states, auto state>
void module_states(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  if (!pool.shown.fresh) {
    return;
  }
  for (std::size_t i = 0; i < pool.modules.size(); ++i) {
    all_states(writer, pool.modules[i], states, pool.shown.modules[i].module.*state);
  }
}

template <const auto& states, auto state>
void overall_states(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  if (const auto& current = pool.shown.*state; pool.shown.fresh && current) {
    all_states(writer, pool.pool, states, *current);
  }
}

void machines(Writer& writer, const View& view) {
  const BackupView& pool = of(view);
  if (!pool.shown.fresh) {
    return;
  }
  for (const auto& [machine, active] : pool.shown.machines) {
    writer.sample(Labels(pool.pool).add("machine", machine.str()), number(active));
  }
}

constexpr std::array kStatusFamilies = {
    FamilyRow{{"sfb_backup_service_configured", Type::gauge, "",
               "Whether the Backup Service of the pool is configured: BackupModules of "
               "Get-CsBackupServiceStatus named at least one module (cached, last good "
               "evaluation); absent where the newest answer does not tell."},
              verdict<&Verdict::configured>},
    FamilyRow{{"sfb_backup_service_working", Type::gauge, "",
               "Whether the Backup Service of the pool works properly: judged by ExportStatus and "
               "ImportStatus of all BackupModules of Get-CsBackupServiceStatus (cached, last good "
               "evaluation); absent where no state is known to be bad and one is unknown."},
              verdict<&Verdict::working>},
    FamilyRow{
        {"sfb_backup_module_working", Type::gauge, "",
         "Whether a module does its part for sfb_backup_service_working, 1 also where "
         "NotInitialized is accepted: judged by BackupModules[].ExportStatus and ImportStatus "
         "of Get-CsBackupServiceStatus (cached, last good evaluation); absent where it is "
         "unknown."},
        module_working},
    FamilyRow{{"sfb_backup_module_export_state", Type::stateset, "",
               "Export state of a module: BackupModules[].ExportStatus of "
               "Get-CsBackupServiceStatus (cached, last good evaluation)."},
              module_states<kExportStates, &Module::export_state>},
    FamilyRow{{"sfb_backup_module_import_state", Type::stateset, "",
               "Import state of a module: BackupModules[].ImportStatus of "
               "Get-CsBackupServiceStatus (cached, last good evaluation)."},
              module_states<kImportStates, &Module::import_state>},
    FamilyRow{{"sfb_backup_overall_export_state", Type::stateset, "",
               "Export state of the pool as the server sums it up: OverallExportStatus of "
               "Get-CsBackupServiceStatus, where it has that property (cached, last good "
               "evaluation)."},
              overall_states<kExportStates, &BackupShown::overall_export>},
    FamilyRow{{"sfb_backup_overall_import_state", Type::stateset, "",
               "Import state of the pool as the server sums it up: OverallImportStatus of "
               "Get-CsBackupServiceStatus, where it has that property (cached, last good "
               "evaluation)."},
              overall_states<kImportStates, &BackupShown::overall_import>},
    FamilyRow{{"sfb_backup_module_export_state_change_timestamp_seconds", Type::gauge, "seconds",
               "When the current BackupModules[].ExportStatus was first seen by this agent, in "
               "Unix seconds (cached)."},
              module_times<&ModuleSeries::export_changed>},
    FamilyRow{{"sfb_backup_module_import_state_change_timestamp_seconds", Type::gauge, "seconds",
               "When the current BackupModules[].ImportStatus was first seen by this agent, in "
               "Unix seconds (cached)."},
              module_times<&ModuleSeries::import_changed>},
    FamilyRow{{"sfb_backup_module_export_last_healthy_timestamp_seconds", Type::gauge, "seconds",
               "Time of the last good answer with BackupModules[].ExportStatus FinalState or "
               "SteadyState, in Unix seconds (cached); removed when it becomes NotInitialized."},
              module_times<&ModuleSeries::last_healthy>},
    FamilyRow{{"sfb_backup_module_export_last_final_timestamp_seconds", Type::gauge, "seconds",
               "Time of the last good answer with BackupModules[].ExportStatus FinalState, in Unix "
               "seconds (cached); removed when it becomes NotInitialized."},
              module_times<&ModuleSeries::last_final>},
    FamilyRow{{"sfb_backup_active_machine", Type::gauge, "",
               "1 for the machine that ActiveMachineFqdn of Get-CsBackupServiceStatus names, 0 for "
               "others it named in the last 24 hours (cached, last good evaluation)."},
              machines},
    FamilyRow{{"sfb_backup_active_machine_changes", Type::counter, "",
               "How often ActiveMachineFqdn of Get-CsBackupServiceStatus named another machine "
               "than before (cached)."},
              [](Writer& writer, const View& view) {
                writer.sample(of(view).pool,
                              static_cast<double>(of(view).shown.active_machine_changes));
              }},
    FamilyRow{{"sfb_backup_unknown_states", Type::counter, "",
               "State words of Get-CsBackupServiceStatus that this exporter does not know, in all "
               "good evaluations (cached); the words stand in the history."},
              [](Writer& writer, const View& view) {
                writer.sample(of(view).pool, static_cast<double>(of(view).shown.unknown_states));
              }},
};

}  // namespace

BackupView::BackupView(const Fqdn& fqdn, BackupShown all) : shown(std::move(all)) {
  pool.add("pool", fqdn.str());
  modules.reserve(shown.modules.size());
  working.reserve(shown.modules.size());
  for (const ModuleSeries& series : shown.modules) {
    modules.push_back(Labels(pool).add("module", series.module.identity.str()));
    working.push_back(working_part(shown, series.module.identity.str()));
  }
  samples = kPoolSamples + kModuleSamples * modules.size() + shown.machines.size();
}

std::span<const FamilyRow> backup_families() {
  return kStatusFamilies;
}

}  // namespace sfb::collectors
