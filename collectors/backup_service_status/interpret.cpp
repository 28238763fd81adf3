// From the objects of one pipeline to a BackupStatus, or to the reason why there is none.
#include "collectors/backup_service_status/interpret.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/backup_service_status/modules.hpp"
#include "collectors/backup_service_status/script.hpp"
#include "collectors/backup_service_status/states.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::collectors {

namespace {

constexpr std::string_view kCmdlet = "Get-CsBackupServiceStatus";

// Words of failures that credentials stopping at the first machine cause: WCF, SQL and AD say it
// each in its own way. Loose on purpose: this only chooses a hint.
constexpr std::array<std::string_view, 14> kSecondHopWords = {"access is denied",
                                                              "access denied",
                                                              "0x80070005",
                                                              "e_accessdenied",
                                                              "unauthorizedaccess",
                                                              "anonymous logon",
                                                              "login failed for user",
                                                              "sspi",
                                                              "cannot be authenticated",
                                                              "not authenticated",
                                                              "authentication failed",
                                                              "an operations error occurred",
                                                              "0x8009030e",
                                                              "logon failure"};

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
    return is_number(module.export_word) || is_number(module.import_word);
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
    status.overall_export_word = cut(*word, limits.label_length);
    status.unknown_states += status.overall_export == ExportState::unknown ? 1U : 0U;
  }
  if (const auto word = word_of(graph, object, {"OverallImportStatus"})) {
    status.overall_import = read_import_state(*word);
    status.overall_import_word = cut(*word, limits.label_length);
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

void add_doubt(BackupStatus& status, const PipelineResult& result) {
  if (!result.doubt.empty()) {
    status.notes.push_back(result.doubt);
  }
}

// The cmdlet gave errors instead of a status.
Error cmdlet_error(const PipelineResult& result, std::string code, std::string message) {
  Error error{Reason::cmdlet, std::move(code), std::move(message), "", "", Stage::query};
  bool second_hop = false;
  bool not_found = false;
  bool import_failed = false;
  for (const Value& value : result.errors) {
    const ErrorRecord record = ErrorRecord::from(result.graph, value);
    not_found = not_found || record.error_id.starts_with("CommandNotFoundException");
    import_failed = import_failed || record.error_id.contains("ImportModuleCommand") ||
                    (not_found && record.message.contains("Import-Module"));
    if (error.peer.empty()) {
      error.peer = record.message;
    }
    const std::string text = to_lower(record.message + '\n' + record.error_id + '\n' +
                                      record.category_message + '\n' + record.exception_type);
    second_hop = second_hop || std::ranges::any_of(kSecondHopWords, [&](std::string_view word) {
                   return text.contains(word);
                 });
  }
  if (import_failed) {
    error.code = "cmdlet.import_failed";
    error.remedy =
        "the module with the cmdlet is named SkypeForBusiness, on Lync Server 2013 Lync: check "
        "import_module, that the management tools are installed on the server that is asked, and "
        "that the session configuration shows Import-Module";
  } else if (not_found) {
    error.code = "cmdlet.not_found";
    error.remedy = fmt::format(
        "set import_module (SkypeForBusiness; Lync on Lync Server 2013) or configuration_name, or "
        "let the session configuration or the role of the account show {}",
        kCmdlet);
  } else if (second_hop) {
    error.code = "cmdlet.second_hop";
    error.remedy =
        "perhaps the credentials end at the front end while the cmdlet must reach SQL, Active "
        "Directory and the service on another machine: let a scheduled task export to the file "
        "transport, use a session configuration with RunAs, or constrained delegation; or the "
        "account is not in RTCUniversalServerAdmins or an authorized universal group";
  } else {
    error.remedy = fmt::format("run {} in the management shell of a front end", kCmdlet);
  }
  return error;
}

}  // namespace

Call make_call(const Fqdn& pool, std::string_view category, bool force,
               std::optional<bool> bypass_dual_write) {
  Call call{std::string(kCmdlet), {{"PoolFqdn", Value::string(pool.str())}}, kScript};
  if (!category.empty()) {
    call.parameters.push_back({"Category", Value::string(std::string(category))});
  }
  if (force) {
    call.parameters.push_back({"Force", Value::boolean(true)});
  }
  if (bypass_dual_write) {
    call.parameters.push_back({"BypassDualWrite", Value::boolean(*bypass_dual_write)});
  }
  return call;
}

Result<BackupStatus> interpret(const PipelineResult& result, const Limits& limits) {
  if (result.state == PipelineState::failed) {
    return std::unexpected(
        cmdlet_error(result, "cmdlet.failed", fmt::format("{} was ended by an error", kCmdlet)));
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
      return std::unexpected(cmdlet_error(result, "cmdlet.error",
                                          fmt::format("{} gave errors and no status", kCmdlet)));
    }
    if (const std::size_t told = rows_of_script(result).size(); told > 0) {
      return fail(Reason::protocol, "status.missing",
                  fmt::format("the script told of {} modules, but no status object came", told),
                  "ask again; if it stays, keep the output of `evaluate --debug` and report it");
    }
    BackupStatus nothing;
    add_doubt(nothing, result);
    nothing.conclusive = nothing.notes.empty();
    return nothing;
  }
  if (found.empty()) {
    return bad("status.unrecognised",
               fmt::format("none of the {} objects has a property BackupModules", objects),
               std::string(plain_text(result.graph, result.output.front()).value_or("")));
  }
  const bool foreign = std::ranges::any_of(result.output, [&](const Value& value) {
    return find_member(result.graph, value, "BackupModules") == nullptr &&
           !visible_properties(result.graph, value).empty();
  });
  if (foreign) {
    // It may be a second status whose modules were lost.
    return bad("status.several", "an object that is no status came beside the status");
  }
  if (found.size() > 1) {
    return bad("status.several",
               fmt::format("{} status objects came back where one belongs", found.size()));
  }
  auto status = read_status(result, *found.front(), limits);
  if (!status) {
    return status;
  }
  if (objects > 1) {
    status->notes.push_back(
        fmt::format("{} objects beside the status object are ignored", objects - 1));
  }
  add_doubt(*status, result);
  return status;
}

}  // namespace sfb::collectors
