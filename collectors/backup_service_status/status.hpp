// What one answer of Get-CsBackupServiceStatus says. Values; the functions are pure.
#pragma once

#include "agent/base/common_text.hpp"
#include "collectors/collector.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Words of ExportStatus; any other word is `unknown`.
enum class ExportState : std::uint8_t {
  final_state,
  steady_state,
  non_steady_state,
  not_initialized,
  error_state,
  unknown,
};
inline constexpr std::array kExportStates = {
    ExportState::final_state,     ExportState::steady_state, ExportState::non_steady_state,
    ExportState::not_initialized, ExportState::error_state,  ExportState::unknown};
/// `FinalState` and so on, as the server spells it; `Unknown`.
std::string_view to_string(ExportState state);

/// Words of ImportStatus.
enum class ImportState : std::uint8_t { normal_state, error_state, not_initialized, unknown };
inline constexpr std::array kImportStates = {ImportState::normal_state, ImportState::error_state,
                                             ImportState::not_initialized, ImportState::unknown};
std::string_view to_string(ImportState state);

/// FinalState or SteadyState: Microsoft's own rule for a good export (README.md).
bool is_healthy(ExportState state);

/// One row of BackupModules.
struct Module {
  CommonText identity;  ///< `CentralMgmt.CMSMaster`; open, as the server spells it
  ExportState export_state = ExportState::unknown;
  ImportState import_state = ImportState::unknown;
  CommonText export_word;  ///< the raw word; kept because it may be one we do not know
  CommonText import_word;
};

/// What a state means for one direction of one module.
enum class Health : std::uint8_t {
  good,
  benign,  ///< not running, and it need not be
  bad,
  unknown,
};
std::string_view to_string(Health health);

/// One direction of a module, judged.
struct Judged {
  Health health = Health::unknown;
  std::string_view why = {};  ///< half a sentence where it is benign; of static storage
};

/// What one good answer says. Properties are found by name in any case; all but BackupModules are
/// optional.
struct BackupStatus : Finding {
  std::vector<Module> modules;  ///< in the server's order, each identity once
  std::optional<ExportState> overall_export;
  std::optional<ImportState> overall_import;
  std::string overall_export_word;
  std::string overall_import_word;
  CommonText active_machine;         ///< lower case; empty when the object does not say
  std::uint32_t unknown_states = 0;  ///< words that became `unknown` in this answer
  /// No module came, but the object says something of a service, so that some may be missing.
  /// Then the answer is not conclusive.
  bool modules_missing = false;
};

}  // namespace sfb::collectors
