// Unknown is absent, never 0 and never an old value shown as new: every family asks the snapshot
// whether there is something to say.
#include "agent/serve/pool_families.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace sfb::serve {
namespace {

using collectors::ModuleSeries;
using exposition::Family;
using exposition::Labels;
using exposition::Type;
using exposition::Writer;
using status::PoolSnapshot;
using Rows = std::vector<PoolRow>;

/// A sample's bytes beside the pool's name, rounded up: family name, module, state, number.
constexpr std::size_t kSampleBytes = 100;
/// Samples of a pool without modules, and more for each module.
constexpr std::size_t kPoolSamples = 38;
constexpr std::size_t kModuleSamples = 14;

double number(bool value) {
  return value ? 1 : 0;
}
double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double number(WallTime time) {
  return to_unix_seconds(time);
}
double number(std::chrono::nanoseconds duration) {
  return to_seconds(duration);
}

template <typename T>
std::optional<double> number(const std::optional<T>& value) {
  return value ? std::optional(number(*value)) : std::nullopt;
}

/// One series per pool that has something to say: `value` gives a number or an optional one.
template <typename Value>
void per_pool(Writer& writer, const Rows& rows, const Family& family, const Value& value) {
  writer.family(family);
  for (const PoolRow& row : rows) {
    const std::optional<double> current = number(value(*row.snapshot));
    if (current) {
      writer.sample(row.pool, *current);
    }
  }
}

/// One series per module with a time.
void per_module(Writer& writer, const Rows& rows, std::string_view name, std::string_view help,
                std::optional<WallTime> ModuleSeries::* time) {
  writer.family({name, Type::gauge, "seconds", help});
  for (const PoolRow& row : rows) {
    for (std::size_t i = 0; i < row.modules.size(); ++i) {
      const std::optional<WallTime>& current = row.snapshot->modules[i].*time;
      if (current) {
        writer.sample(row.modules[i], number(*current));
      }
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

template <typename States, typename State>
void module_states(Writer& writer, const Rows& rows, const Family& family, const States& states,
                   State collectors::Module::* state) {
  writer.family(family);
  for (const PoolRow& row : rows) {
    if (!row.fresh()) {
      continue;
    }
    for (std::size_t i = 0; i < row.modules.size(); ++i) {
      all_states(writer, row.modules[i], states, row.snapshot->modules[i].module.*state);
    }
  }
}

template <typename States, typename State>
void overall_states(Writer& writer, const Rows& rows, const Family& family, const States& states,
                    std::optional<State> PoolSnapshot::* state) {
  writer.family(family);
  for (const PoolRow& row : rows) {
    const std::optional<State>& current = row.snapshot->*state;
    if (row.fresh() && current) {
      all_states(writer, row.pool, states, *current);
    }
  }
}

void write_verdict(Writer& writer, const Rows& rows) {
  const auto verdict = [](std::optional<bool> collectors::Verdict::* part) {
    return [part](const PoolSnapshot& pool) {
      const bool fresh = pool.freshness == status::Freshness::fresh && pool.verdict;
      return fresh ? (*pool.verdict).*part : std::nullopt;
    };
  };
  per_pool(writer, rows,
           {"sfb_backup_service_configured", Type::gauge, "",
            "Whether the Backup Service of the pool is configured: BackupModules of "
            "Get-CsBackupServiceStatus named at least one module (cached, last good evaluation); "
            "absent where the newest "
            "answer does not tell."},
           verdict(&collectors::Verdict::configured));
  per_pool(writer, rows,
           {"sfb_backup_service_working", Type::gauge, "",
            "Whether the Backup Service of the pool works properly: judged by ExportStatus and "
            "ImportStatus of all BackupModules of Get-CsBackupServiceStatus (cached, last good "
            "evaluation); absent where no state is known to be bad and one is unknown."},
           verdict(&collectors::Verdict::working));
}

void write_states(Writer& writer, const Rows& rows) {
  module_states(writer, rows,
                {"sfb_backup_module_export_state", Type::stateset, "",
                 "Export state of a module: BackupModules[].ExportStatus of "
                 "Get-CsBackupServiceStatus (cached, last good evaluation)."},
                collectors::kExportStates, &collectors::Module::export_state);
  module_states(writer, rows,
                {"sfb_backup_module_import_state", Type::stateset, "",
                 "Import state of a module: BackupModules[].ImportStatus of "
                 "Get-CsBackupServiceStatus (cached, last good evaluation)."},
                collectors::kImportStates, &collectors::Module::import_state);
  overall_states(writer, rows,
                 {"sfb_backup_overall_export_state", Type::stateset, "",
                  "Export state of the pool as the server sums it up: OverallExportStatus of "
                  "Get-CsBackupServiceStatus, where it has that property (cached, last good "
                  "evaluation)."},
                 collectors::kExportStates, &PoolSnapshot::overall_export);
  overall_states(writer, rows,
                 {"sfb_backup_overall_import_state", Type::stateset, "",
                  "Import state of the pool as the server sums it up: OverallImportStatus of "
                  "Get-CsBackupServiceStatus, where it has that property (cached, last good "
                  "evaluation)."},
                 collectors::kImportStates, &PoolSnapshot::overall_import);
}

void write_times(Writer& writer, const Rows& rows) {
  per_module(writer, rows, "sfb_backup_module_export_state_change_timestamp_seconds",
             "When the current BackupModules[].ExportStatus was first seen by this agent, in Unix "
             "seconds (cached).",
             &ModuleSeries::export_changed);
  per_module(writer, rows, "sfb_backup_module_import_state_change_timestamp_seconds",
             "When the current BackupModules[].ImportStatus was first seen by this agent, in Unix "
             "seconds (cached).",
             &ModuleSeries::import_changed);
  per_module(writer, rows, "sfb_backup_module_export_last_healthy_timestamp_seconds",
             "Time of the last good answer with BackupModules[].ExportStatus FinalState or "
             "SteadyState, in Unix seconds (cached); removed when it becomes NotInitialized.",
             &ModuleSeries::last_healthy);
  per_module(writer, rows, "sfb_backup_module_export_last_final_timestamp_seconds",
             "Time of the last good answer with BackupModules[].ExportStatus FinalState, in Unix "
             "seconds (cached); removed when it becomes NotInitialized.",
             &ModuleSeries::last_final);
}

void write_machines(Writer& writer, const Rows& rows) {
  writer.family({"sfb_backup_active_machine", Type::gauge, "",
                 "1 for the machine that ActiveMachineFqdn of Get-CsBackupServiceStatus names, 0 "
                 "for others it named in the last 24 hours (cached, last good evaluation)."});
  for (const PoolRow& row : rows) {
    if (!row.fresh()) {
      continue;
    }
    for (const auto& [machine, active] : row.snapshot->machines) {
      writer.sample(Labels(row.pool).add("machine", machine), number(active));
    }
  }
  per_pool(writer, rows,
           {"sfb_backup_active_machine_changes", Type::counter, "",
            "How often ActiveMachineFqdn of Get-CsBackupServiceStatus named another machine than "
            "before (cached)."},
           [](const PoolSnapshot& pool) { return std::optional(pool.active_machine_changes); });
  per_pool(writer, rows,
           {"sfb_backup_unknown_states", Type::counter, "",
            "State words of Get-CsBackupServiceStatus that this exporter does not know, in all "
            "good evaluations (cached); the words stand in the history."},
           [](const PoolSnapshot& pool) { return std::optional(pool.unknown_states); });
}

void write_counters(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluations", Type::counter, "",
            "Completed evaluations of the pool on schedule, good and failed ones (cached)."},
           [](const PoolSnapshot& pool) { return std::optional(pool.evaluations); });
  per_pool(writer, rows,
           {"sfb_backup_evaluation_overruns", Type::counter, "",
            "Evaluations that were due while the one before still waited or ran, and so were left "
            "out (cached)."},
           [](const PoolSnapshot& pool) { return std::optional(pool.overruns); });
  writer.family({"sfb_backup_evaluation_failures", Type::counter, "",
                 "Failed evaluations of the pool on schedule by reason (cached)."});
  for (const PoolRow& row : rows) {
    for (const Reason reason : kReasons) {
      writer.sample(Labels(row.pool).add("reason", to_string(reason)),
                    number(row.snapshot->failures.at(static_cast<std::size_t>(reason))));
    }
  }
}

void write_last_evaluation(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluation_running", Type::gauge, "",
            "Whether an evaluation of the pool on schedule is running."},
           [](const PoolSnapshot& pool) { return std::optional(pool.running); });
  per_pool(writer, rows,
           {"sfb_backup_evaluation_backoff_until_timestamp_seconds", Type::gauge, "seconds",
            "Until when the server is left alone after it refused us, in Unix seconds; absent "
            "when it is not."},
           [](const PoolSnapshot& pool) { return pool.backoff_until; });
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_timestamp_seconds", Type::gauge, "seconds",
            "When the last completed evaluation ended by this machine's clock, in Unix seconds "
            "(cached)."},
           [](const PoolSnapshot& pool) { return pool.last_evaluation; });
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_duration_seconds", Type::gauge, "seconds",
            "How long the last completed evaluation took, in seconds (cached, not of this "
            "scrape)."},
           [](const PoolSnapshot& pool) { return pool.last_duration; });
  per_pool(writer, rows,
           {"sfb_backup_last_evaluation_success_timestamp_seconds", Type::gauge, "seconds",
            "When the last good answer of Get-CsBackupServiceStatus was made, in Unix seconds; "
            "for a dropped file its content's time (cached). An empty answer of which output may "
            "be missing does not count."},
           [](const PoolSnapshot& pool) { return pool.last_success; });
}

void write_settings(Writer& writer, const Rows& rows) {
  per_pool(writer, rows,
           {"sfb_backup_evaluation_interval_seconds", Type::gauge, "seconds",
            "After how long a new answer of the pool is to be expected, in seconds: the configured "
            "interval of evaluations; for dropped files a fifth of max_age where that is longer."},
           [](const PoolSnapshot& pool) {
             return std::optional<std::chrono::nanoseconds>(pool.identity.interval);
           });
  writer.family({"sfb_backup_pool", Type::info, "", "A configured pool."});
  for (const PoolRow& row : rows) {
    const status::PoolIdentity& pool = row.snapshot->identity;
    writer.sample(Labels(row.pool)
                      .add("paired_pool", pool.paired_pool)
                      .add("site", pool.site)
                      .add("deployment", pool.deployment)
                      .add("endpoint", pool.endpoint)
                      .add("transport", pool.transport),
                  1);
  }
}

}  // namespace

PoolRow::PoolRow(const status::PoolSnapshot& pool_snapshot) : snapshot(&pool_snapshot) {
  pool.add("pool", snapshot->identity.fqdn.str());
  modules.reserve(snapshot->modules.size());
  for (const ModuleSeries& series : snapshot->modules) {
    modules.push_back(Labels(pool).add("module", series.module.identity));
  }
}

std::size_t estimate_bytes(const std::vector<PoolRow>& rows) {
  std::size_t bytes = 0;
  for (const PoolRow& row : rows) {
    const std::size_t samples =
        kPoolSamples + kModuleSamples * row.modules.size() + row.snapshot->machines.size();
    bytes += samples * (kSampleBytes + row.snapshot->identity.fqdn.str().size());
  }
  return bytes;
}

void write_state_families(Writer& writer, const std::vector<PoolRow>& rows) {
  per_pool(writer, rows,
           {"sfb_backup_up", Type::gauge, "",
            "Whether the last completed evaluation of the pool, a call of "
            "Get-CsBackupServiceStatus, was good (cached: a scrape never causes an evaluation)."},
           [](const PoolSnapshot& pool) { return pool.up; });
  write_verdict(writer, rows);
  write_states(writer, rows);
  write_times(writer, rows);
  write_machines(writer, rows);
}

void write_evaluation_families(Writer& writer, const std::vector<PoolRow>& rows) {
  write_counters(writer, rows);
  write_last_evaluation(writer, rows);
  write_settings(writer, rows);
}

}  // namespace sfb::serve
