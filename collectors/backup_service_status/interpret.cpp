// From the objects of one pipeline to a BackupStatus, or to the reason why there is none.
#include "collectors/backup_service_status/interpret.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "agent/value/members.hpp"
#include "collectors/answer.hpp"
#include "collectors/backup_service_status/modules.hpp"
#include "collectors/backup_service_status/states.hpp"
#include "collectors/cmdlet_error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::collectors {

namespace {

constexpr std::string_view kCmdletName = "Get-CsBackupServiceStatus";

// The plain word of the first of these properties that has one.
std::optional<std::string_view> word_of(const Graph& graph, const Value& object,
                                        std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const Value* found = find_member(graph, object, name);
    const auto text = found == nullptr ? std::nullopt : plain_text(graph, *found);
    if (text && !trim(*text).empty()) {
      return trim(*text);
    }
  }
  return std::nullopt;
}

// An enum that ConvertTo-Json wrote. Which state a number means is documented nowhere.
bool is_number(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

void note_numbers(BackupStatus& status) {
  const bool of_module = std::ranges::any_of(status.modules, [](const Module& module) {
    return is_number(module.export_word.str()) || is_number(module.import_word.str());
  });
  if (of_module || is_number(status.overall_export_word) || is_number(status.overall_import_word)) {
    status.notes.emplace_back(
        "states came as numbers, whose meaning is not known: export with Export-BackupStatus.ps1 "
        "or Export-Clixml, which write names, or make the states text before ConvertTo-Json "
        "(\"$($_.ExportStatus)\" in a calculated property of Select-Object)");
  }
}

Result<BackupStatus> read_status(const PipelineResult& result, const Value& object,
                                 const Limits& limits) {
  const Graph& graph = result.graph;
  BackupStatus status;
  if (auto modules = read_modules(result, object, limits, status); !modules) {
    return std::unexpected(std::move(modules.error()));
  }
  if (const auto word = word_of(graph, object, {"OverallExportStatus"})) {
    status.overall_export = read_export_state(*word);
    status.overall_export_word = cut_utf8(*word, limits.label_length);
    status.unknown_states += status.overall_export == ExportState::unknown ? 1U : 0U;
  }
  if (const auto word = word_of(graph, object, {"OverallImportStatus"})) {
    status.overall_import = read_import_state(*word);
    status.overall_import_word = cut_utf8(*word, limits.label_length);
    status.unknown_states += status.overall_import == ImportState::unknown ? 1U : 0U;
  }
  // No source shows how the product names the front end on which its service is active.
  if (const auto word = word_of(graph, object, {"ActiveMachineFqdn", "ActiveMachine"})) {
    if (auto checked = check_label("ActiveMachineFqdn", *word, limits); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
    status.active_machine = to_lower(*word);
  }
  note_numbers(status);
  return status;
}

// Whether an object without modules says more than which pool it is of. A pool without a backup has
// nothing to say: modules are missing, or this build does not know their form. That both overall
// states are NotInitialized would fit it.
bool speaks_of_backup(const Graph& graph, const Value& object, const BackupStatus& status) {
  if (status.overall_export == ExportState::not_initialized &&
      status.overall_import == ImportState::not_initialized) {
    return false;
  }
  return std::ranges::any_of(members_of(graph, object), [&](const auto& member) {
    const auto& [name, value] = member;
    if (iequals(name, "BackupModules") || iequals(name, "PoolFqdn") || value->is_null()) {
      return false;
    }
    const auto text = plain_text(graph, *value);
    return !text || !trim(*text).empty();
  });
}

void add_doubt(BackupStatus& status, const PipelineResult& result) {
  if (!result.doubt.empty()) {
    status.notes.push_back(result.doubt);
  }
}

}  // namespace

Result<BackupStatus> interpret(const PipelineResult& result, const Limits& limits) {
  if (result.state == PipelineState::failed) {
    return std::unexpected(cmdlet_error(result, kCmdletName, "cmdlet.failed",
                                        fmt::format("{} was ended by an error", kCmdletName)));
  }
  std::size_t objects = 0;
  std::vector<const Value*> found;
  for (const Value& value : result.output) {
    if (value.is_null()) {
      continue;
    }
    ++objects;
    if (find_member(result.graph, value, "BackupModules") != nullptr) {
      found.push_back(&value);
    }
  }
  if (objects == 0) {
    if (!result.errors.empty()) {
      return std::unexpected(
          cmdlet_error(result, kCmdletName, "cmdlet.error",
                       fmt::format("{} gave errors and no status", kCmdletName)));
    }
    if (const std::size_t told = rows_of_script(result).size(); told > 0) {
      return fail(
          Reason::protocol, "status.missing",
          fmt::format("the script told of {}, but no status object came", counted(told, "module")),
          "ask again; if it stays, keep the output of `evaluate --debug POOL` and report it");
    }
    BackupStatus nothing;
    add_doubt(nothing, result);
    nothing.conclusive = nothing.notes.empty();
    return nothing;
  }
  if (found.empty()) {
    return bad_answer(
        "status.unrecognised",
        objects == 1 ? std::string("the object has no property BackupModules")
                     : fmt::format("none of the {} objects has a property BackupModules", objects),
        std::string(plain_text(result.graph, result.output.front()).value_or("")));
  }
  const bool foreign = std::ranges::any_of(result.output, [&](const Value& value) {
    return find_member(result.graph, value, "BackupModules") == nullptr &&
           !visible_properties(result.graph, value).empty();
  });
  if (foreign) {
    // It may be a second status whose modules were lost.
    return bad_answer("status.several", "an object that is no status came beside the status");
  }
  if (found.size() > 1) {
    return bad_answer("status.several",
                      fmt::format("{} status objects came back where one belongs", found.size()));
  }
  auto status = read_status(result, *found.front(), limits);
  if (!status) {
    return status;
  }
  if (objects > 1) {
    status->notes.push_back(fmt::format("{} beside the status object {} ignored",
                                        counted(objects - 1, "object"),
                                        objects == 2 ? "is" : "are"));
  }
  add_doubt(*status, result);
  if (status->modules.empty() && speaks_of_backup(result.graph, *found.front(), *status)) {
    status->modules_missing = true;
    status->conclusive = false;
    status->notes.emplace_back("BackupModules is empty beside other members");
  }
  return status;
}

}  // namespace sfb::collectors
