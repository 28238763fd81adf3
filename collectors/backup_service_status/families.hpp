// The metrics of a pool's backup status. Unknown is absent, never 0 and never an old value shown as
// new: every family asks the view whether there is something to say.
#pragma once

#include "agent/base/common_text.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/time.hpp"
#include "agent/exposition/exposition.hpp"
#include "collectors/backup_service_status/status.hpp"
#include "collectors/collector.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace sfb::collectors {

/// One published module with the times this agent has seen.
struct ModuleSeries {
  Module module;
  std::optional<WallTime> export_changed = {};  ///< when this state was first seen
  std::optional<WallTime> import_changed = {};
  std::optional<WallTime> last_healthy = {};  ///< removed when the export becomes NotInitialized
  std::optional<WallTime> last_final = {};    ///< removed likewise
};

/// Everything the metrics say.
struct BackupShown {
  /// The last conclusive answer is not older than `stale_after`. Without it the modules stay for
  /// their times; their states are not to be published, and the next four are empty.
  bool fresh = false;
  /// Without configured and working while the newest good answer is not conclusive: the rest stays
  /// that of the last conclusive one.
  Verdict verdict = {};
  std::optional<ExportState> overall_export = {};
  std::optional<ImportState> overall_import = {};
  std::vector<std::pair<CommonText, bool>> machines = {};  ///< name, active now; in 24 h
  std::vector<ModuleSeries> modules = {};
  Expectation expectation = {};  ///< by which the modules are judged where it is told
  std::uint64_t active_machine_changes = 0;
  std::uint64_t unknown_states = 0;
};

struct BackupView final : View {
  BackupView(const Fqdn& fqdn, BackupShown all);

  BackupShown shown;
  exposition::Labels pool;                  ///< of its series: its name
  std::vector<exposition::Labels> modules;  ///< likewise, pool and module
  /// Of each module, as the verdict sees it: absent while a word of it is not known.
  std::vector<std::optional<bool>> working;
};

std::span<const FamilyRow> backup_families();

}  // namespace sfb::collectors
