// From the objects of one pipeline to a BackupStatus, or to the reason why there is none.
#include "agent/base/text.hpp"
#include "agent/value/access.hpp"
#include "collectors/backup_service_status/backup_service_status.hpp"
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

// C0, DEL and C1: they would move a terminal's cursor or break a log line.
bool has_control_character(std::string_view text) {
  for (std::size_t pos = 0; pos < text.size();) {
    const char32_t c = next_code_point(text, pos);
    if (c < 0x20 || (c >= 0x7F && c < 0xA0)) {
      return true;
    }
  }
  return false;
}

// At most `limit` bytes, cut between characters.
std::string cut(std::string_view text, std::size_t limit) {
  std::size_t end = 0;
  for (std::size_t pos = 0; pos < text.size() && pos <= limit;) {
    end = pos;
    next_code_point(text, pos);
    end = pos <= limit ? pos : end;
  }
  return std::string(text.substr(0, end));
}

std::unexpected<Error> bad(std::string code, std::string message, std::string peer = {}) {
  return fail(Reason::parse, std::move(code), std::move(message),
              "see the objects with `evaluate --as clixml`; if the product really answers so, "
              "report it",
              std::move(peer));
}

// A text about to become a label.
Status check_label(std::string_view what, std::string_view text, const Limits& limits) {
  if (text.size() > limits.label_length) {
    return bad("status.label_too_long",
               fmt::format("{} has {} bytes, at most {} are taken (limits.label_length)", what,
                           text.size(), limits.label_length),
               std::string(text));
  }
  if (has_control_character(text)) {
    return bad("status.control_character", fmt::format("{} holds a control character", what),
               std::string(text));
  }
  return {};
}

// The parts of a module, whatever shape it came in.
struct RawModule {
  std::string_view identity;
  std::string_view export_word;
  std::string_view import_word;
};

// `Name:[Export,Import]`: what ToString gives once plain remoting has used up its depth.
std::optional<RawModule> read_module_text(std::string_view text) {
  text = trim(text);
  const std::size_t open = text.rfind('[');
  if (open == std::string_view::npos || !text.ends_with(']')) {
    return std::nullopt;
  }
  const std::string_view head = trim(text.substr(0, open));
  const auto words = split(text.substr(open + 1, text.size() - open - 2), ',');
  if (!head.ends_with(':') || words.size() != 2) {
    return std::nullopt;
  }
  return RawModule{trim(head.substr(0, head.size() - 1)), trim(words[0]), trim(words[1])};
}

std::optional<RawModule> read_module(const Graph& graph, const Value& value) {
  const auto member = [&](std::string_view name) -> std::optional<std::string_view> {
    const Value* found = find_member(graph, value, name);
    return found == nullptr ? std::nullopt : plain_text(graph, *found);
  };
  if (find_member(graph, value, "Identity") == nullptr) {
    const auto text = plain_text(graph, value);
    return text ? read_module_text(*text) : std::nullopt;
  }
  const auto identity = member("Identity");
  if (identity && trim(*identity).empty()) {
    // The script's row of a module that was a text already.
    const auto text = member("Text");
    return text ? read_module_text(*text) : std::nullopt;
  }
  const auto export_word = member("ExportStatus");
  const auto import_word = member("ImportStatus");
  if (!identity || (!export_word && !import_word)) {
    return std::nullopt;
  }
  return RawModule{trim(*identity), trim(export_word.value_or("")), trim(import_word.value_or(""))};
}

// Windows PowerShell's ConvertTo-Json writes some lists as {"value": [...], "Count": n}.
const Value& unwrap_counted(const Graph& graph, const Value& value) {
  const Value* inner = find_member(graph, value, "value");
  const bool counted = inner != nullptr && find_member(graph, value, "Count") != nullptr &&
                       find_member(graph, value, "Identity") == nullptr;
  return counted ? *inner : value;
}

// What the script sent about the modules says more than an object that remoting flattened; but the
// object decides: rows that cannot be its own are left alone.
const Value& better_modules(const PipelineResult& result, const Value& modules) {
  const Graph& graph = result.graph;
  const Value* const rows = result.extras ? find_member(graph, *result.extras, "Modules") : nullptr;
  const auto count = [&](const Value& list) {
    const auto items = items_of(graph, unwrap_counted(graph, list));
    return std::ranges::count_if(items, [](const Value* item) { return !item->is_null(); });
  };
  return rows != nullptr && count(*rows) == count(modules) ? *rows : modules;
}

Status read_modules(const Graph& graph, const Value& list, const Limits& limits,
                    BackupStatus& status) {
  const auto items = items_of(graph, unwrap_counted(graph, list));
  std::size_t number = 0;
  for (const Value* item : items) {
    ++number;
    if (item->is_null()) {
      continue;
    }
    const auto raw = read_module(graph, *item);
    if (!raw || raw->identity.empty()) {
      return bad("status.bad_module",
                 fmt::format("item {} of BackupModules is neither an object with Identity, "
                             "ExportStatus and ImportStatus nor a text Name:[Export,Import]",
                             number),
                 std::string(plain_text(graph, *item).value_or("")));
    }
    if (auto checked = check_label(fmt::format("Identity of item {} of BackupModules", number),
                                   raw->identity, limits);
        !checked) {
      return checked;
    }
    Module module{std::string(raw->identity), read_export_state(raw->export_word),
                  read_import_state(raw->import_word), cut(raw->export_word, limits.label_length),
                  cut(raw->import_word, limits.label_length)};
    const auto same = std::ranges::find_if(status.modules, [&](const Module& other) {
      return iequals(other.identity, module.identity);
    });
    if (same != status.modules.end()) {
      if (!iequals(same->export_word, module.export_word) ||
          !iequals(same->import_word, module.import_word)) {
        return bad("status.duplicate_module",
                   fmt::format("module {} is listed twice with different states", raw->identity),
                   fmt::format("{},{} and {},{}", same->export_word, same->import_word,
                               module.export_word, module.import_word));
      }
      status.notes.push_back(fmt::format("module {} is listed more than once", raw->identity));
      continue;
    }
    // Not cut: the module left out could be the one that fails.
    if (status.modules.size() == limits.modules_per_pool) {
      return bad("status.too_many_modules",
                 fmt::format("BackupModules holds more than {} modules (limits.modules_per_pool)",
                             limits.modules_per_pool));
    }
    status.unknown_states += module.export_state == ExportState::unknown ? 1U : 0U;
    status.unknown_states += module.import_state == ImportState::unknown ? 1U : 0U;
    status.modules.push_back(std::move(module));
  }
  return {};
}

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

Result<BackupStatus> read_status(const PipelineResult& result, const Value& object,
                                 const Limits& limits) {
  const Graph& graph = result.graph;
  BackupStatus status;
  const Value& list = better_modules(result, *find_member(graph, object, "BackupModules"));
  if (auto modules = read_modules(graph, list, limits, status); !modules) {
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
  return status;
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
    return BackupStatus{};
  }
  if (found.empty()) {
    return bad("status.unrecognised",
               fmt::format("none of the {} objects has a property BackupModules", objects),
               std::string(plain_text(result.graph, result.output.front()).value_or("")));
  }
  if (found.size() > 1) {
    return bad("status.several",
               fmt::format("{} status objects came back where one belongs", found.size()));
  }
  auto status = read_status(result, *found.front(), limits);
  if (status && objects > 1) {
    status->notes.push_back(
        fmt::format("{} objects beside the status object are ignored", objects - 1));
  }
  return status;
}

}  // namespace sfb::collectors
