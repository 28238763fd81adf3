// Collector backup_service_status: what the objects of Get-CsBackupServiceStatus mean. Pure,
// thread-safe functions.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/fqdn.hpp"
#include "agent/base/limits.hpp"
#include "agent/value/pipeline.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::collectors {

/// Words of ExportStatus (domain.md 2.1); any other word is `unknown`.
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

/// Words of ImportStatus (domain.md 2.2).
enum class ImportState : std::uint8_t { normal_state, error_state, not_initialized, unknown };
inline constexpr std::array kImportStates = {ImportState::normal_state, ImportState::error_state,
                                             ImportState::not_initialized, ImportState::unknown};
std::string_view to_string(ImportState state);

/// FinalState or SteadyState: Microsoft's own rule for a good export (domain.md 2.6).
bool is_healthy(ExportState state);

/// One row of BackupModules.
struct Module {
  std::string identity;  ///< `CentralMgmt.CMSMaster`; open, as the server spells it
  ExportState export_state = ExportState::unknown;
  ImportState import_state = ImportState::unknown;
  std::string export_word;  ///< the raw word; kept because it may be one we do not know
  std::string import_word;
};

/// What one good answer says. Properties are found by name in any case; all but BackupModules are
/// optional.
struct BackupStatus {
  std::vector<Module> modules;  ///< in the server's order, each identity once
  std::optional<ExportState> overall_export;
  std::optional<ImportState> overall_import;
  std::string overall_export_word;
  std::string overall_import_word;
  std::string active_machine;        ///< lower case; empty when the object does not say
  std::uint32_t unknown_states = 0;  ///< words that became `unknown` in this answer
  std::vector<std::string> notes;    ///< what was odd, for the log and history: a name twice
  /// False: no object came and output may be missing (PipelineResult::doubt), so that the answer
  /// says nothing about the pool.
  bool conclusive = true;
};

/// The call for one pool: PoolFqdn, then Category (its name; empty for all), Force and
/// BypassDualWrite where given.
Call make_call(const Fqdn& pool, std::string_view category, bool force,
               std::optional<bool> bypass_dual_write);

/// Reads a pipeline's result (design.md 5.3): one status object, or none and no errors, is good.
/// A doubt of the result becomes a note. Errors: cmdlet
/// (`cmdlet.error`, `cmdlet.failed`, hints `cmdlet.second_hop`, `cmdlet.not_found` and
/// `cmdlet.import_failed`, the first error's text as peer),
/// parse (`status.several`, `status.unrecognised`, `status.too_many_modules`,
/// `status.duplicate_module`, `status.bad_module`, `status.control_character`,
/// `status.label_too_long`), protocol (`status.missing`: the script told of modules, no object
/// came). BackupModules may be objects or strings `Name:[Export,Import]`, a list
/// or a single value; null is an empty list.
Result<BackupStatus> interpret(const PipelineResult& result, const Limits& limits);

/// What the operator says about a pool; decides what NotInitialized means.
struct Expectation {
  bool cms_master = false;
  bool expect_rgs = false;
};

/// The cmdlet's own words, judged from one answer alone. Absent is unknown: neither yes nor no.
struct Verdict {
  std::optional<bool> configured = {};  ///< absent where the answer is not conclusive
  /// False when a known state is bad, else absent when any word is unknown, else true. Never true
  /// without configured.
  std::optional<bool> working = {};
  std::vector<std::string> reasons = {};  ///< why not working, one sentence each
  std::vector<std::string> doubts = {};   ///< what cannot be judged, one sentence each
};

Verdict judge(const BackupStatus& status, const Expectation& expectation);

}  // namespace sfb::collectors
