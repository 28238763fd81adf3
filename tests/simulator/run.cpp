// What the simulated PowerShell does with a pipeline.
#include "agent/base/text.hpp"
#include "tests/simulator/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <utility>

namespace sim {

namespace {

std::vector<ModuleRow> rows_of(const Pool& pool, const std::string& category) {
  std::vector<ModuleRow> rows;
  const auto states = states_at(pool, std::chrono::steady_clock::now());
  const auto row = [&](const std::string& module) {
    const auto& [export_word, import_word] = states.at(module);
    // Which module belongs to which category is a guess: no source says it.
    const bool cms = module.starts_with("CentralMgmt.");
    const bool rgs = module.find("RGS") != std::string::npos;
    const std::string kind = cms ? "cms" : rgs ? "rgs" : "userdata";
    if (category.empty() || kind == category) {
      rows.push_back({module, export_word, import_word});
    }
  };
  std::ranges::for_each(pool.modules, row);
  return rows;
}

std::string argument(const PipelineRequest::Command& call, const std::string& name) {
  const auto found = call.arguments.find(name);
  return found == call.arguments.end() ? std::string() : found->second;
}

// The module that a script loads: the name comes as an argument, `Import-Module -Name $Name`.
std::string imported_by(const PipelineRequest::Command& call) {
  static const std::regex kForm(R"(Import-Module\s+(?:-Name\s+)?\$(\w+))", std::regex::icase);
  std::smatch parts;
  return call.script && std::regex_search(call.text, parts, kForm)
             ? argument(call, sfb::to_lower(parts[1].str()))
             : std::string();
}

constexpr int kHostCallId = 1;
constexpr std::string_view kCmdlet = "Get-CsBackupServiceStatus";

}  // namespace

void Machine::put(Shell& shell, Command& command, std::uint32_t type, const std::string& body,
                  std::size_t max_blob) {
  for (std::string& fragment :
       fragments_of(++shell.objects, type, shell.rpid, command.pid, body, max_blob)) {
    command.output.push_back(std::move(fragment));
  }
}

void Machine::finish(Shell& shell, Command& command, int state, const std::string& error,
                     const std::string& id, const std::string& type, int category) {
  put(shell, command, kPipelineState, state_xml("PipelineState", state, error, id, type, category));
  command.ended = true;
}

void Machine::feed(Shell& shell, Command& command, const std::string& stream,
                   const std::string& bytes, const Fault* fault) {
  std::vector<PsrpMessage> messages;
  if (!command.input[stream].feed(bytes, messages)) {
    world_.violation("a client's fragments cannot be read");
    return;
  }
  for (const PsrpMessage& message : messages) {
    if (message.destination != 2 || message.rpid != shell.rpid || message.pid != command.pid) {
      world_.violation("a client's message has wrong ids");
    } else if (message.type == kHostResponse) {
      take_response(shell, command, stream, message.body);
    } else if (message.type == kCreatePipeline) {
      take_pipeline(shell, command, stream, message.body, fault);
    } else {
      world_.violation(fmt::format("unexpected message 0x{:08x}", message.type));
    }
  }
}

void Machine::take_response(Shell& shell, Command& command, const std::string& stream,
                            const std::string& body) {
  if (stream != "pr") {
    world_.violation("a host response came on stream " + stream);
    return;
  }
  if (!command.waits_for_host) {
    world_.violation("a host response came that nobody asked for");
    return;
  }
  const HostResponse response = read_host_response(body);
  for (const std::string& problem : response.problems) {
    world_.violation("PIPELINE_HOST_RESPONSE: " + problem);
  }
  if (response.call != std::to_string(kHostCallId)) {
    world_.violation("PIPELINE_HOST_RESPONSE: ci is not that of the call");
    return;
  }
  if (!response.exception) {
    world_.violation("a host call was answered without an exception");
  }
  command.waits_for_host = false;
  ++world_.counters.host_responses;
  // The cmdlet that asked for a line got an exception.
  finish(shell, command, 5, "The host cannot be asked for a line.", "HostFunctionNotImplemented",
         "System.Management.Automation.Host.HostException", 1);
}

void Machine::take_pipeline(Shell& shell, Command& command, const std::string& stream,
                            const std::string& body, const Fault* fault) {
  if (stream != "stdin") {
    world_.violation("CREATE_PIPELINE came on stream " + stream);
    return;
  }
  if (std::exchange(command.created, true)) {
    world_.violation("CREATE_PIPELINE came twice");
    return;
  }
  const PipelineRequest request = read_create_pipeline(body, shell.protocol);
  for (const std::string& problem : request.problems) {
    world_.violation("CREATE_PIPELINE: " + problem);
  }
  // A server says nothing about one that it cannot read.
  if (request.problems.empty()) {
    command.starts_at = std::max(Clock::now(), shell.busy_until);
    command.ready_at = command.starts_at;
    run(shell, command, request, fault);
  }
}

void Machine::run(Shell& shell, Command& command, const PipelineRequest& request,
                  const Fault* fault) {
  const PipelineRequest::Command& call = request.commands.front();
  const std::string& language = shell.server.language;
  if (call.script && language == "none") {
    finish(shell, command, 5,
           "The syntax is not supported by this runspace. This can occur if the runspace is in "
           "no-language mode.",
           "ScriptsNotAllowed", "System.Management.Automation.ParseException", 17);
    return;
  }
  // Endpoints without scripts do not show Import-Module either.
  const bool import = !call.script && call.text == "Import-Module" && language != "none";
  const std::string module = import ? argument(call, "name") : imported_by(call);
  if (!module.empty() && !import_module(shell, command, call, module)) {
    return;
  }
  if (import) {
    finish(shell, command, 4);
    return;
  }
  const bool known =
      shell.server.module.empty() || sfb::iequals(shell.imported, shell.server.module);
  if (!known || (call.script ? !call.text.contains(kCmdlet) : call.text != kCmdlet)) {
    finish(shell, command, 5,
           fmt::format("The term '{}' is not recognized as the name of a cmdlet, function, script "
                       "file, or operable program.",
                       call.script ? kCmdlet : call.text.substr(0, 60)),
           "CommandNotFoundException", "System.Management.Automation.CommandNotFoundException", 13);
    return;
  }
  run_cmdlet(shell, command, call, fault);
}

bool Machine::import_module(Shell& shell, Command& command, const PipelineRequest::Command& call,
                            const std::string& module) {
  if (!shell.server.module.empty() && !sfb::iequals(module, shell.server.module)) {
    finish(shell, command, 5,
           fmt::format("The specified module '{}' was not loaded because no valid module file was "
                       "found in any module directory.",
                       module),
           "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
           "System.IO.FileNotFoundException", 13);
    return false;
  }
  if (!shell.server.import_warning.empty() &&
      !call.text.contains("-WarningAction SilentlyContinue")) {
    put(shell, command, kWarningRecord, informational_xml(shell.server.import_warning));
  }
  shell.imported = module;
  return true;
}

void Machine::run_cmdlet(Shell& shell, Command& command, const PipelineRequest::Command& call,
                         const Fault* fault) {
  const std::string fqdn = sfb::to_lower(argument(call, "poolfqdn"));
  shell.pool = fqdn;
  ++world_.counters.runs_by_pool[fqdn];
  world_.last_call = call.arguments;
  world_.last_call["script"] = call.script ? "true" : "false";
  world_.last_call["listener"] = listener_.name;
  if (!shell.imported.empty()) {
    world_.last_call["imported"] = shell.imported;
  }
  const bool force = sfb::iequals(argument(call, "force"), "true");
  const Pool* const pool = world_.pool(fqdn);
  if (pool == nullptr) {
    if (!force) {
      put(shell, command, kErrorRecord,
          error_xml(fmt::format("Cannot find pool \"{}\" in the topology.", fqdn),
                    "PoolNotFound,Simulator", fqdn));
    }
    finish(shell, command, 4);
    return;
  }
  command.ready_at = command.starts_at + pool->slow;
  const std::string act = fault == nullptr ? std::string() : fault->act;
  if (pool->host_call || act == "host_call") {
    command.waits_for_host = true;
    put(shell, command, kHostCall, host_call_xml(kHostCallId));
    return;
  }
  if (!pool->progress.empty()) {
    put(shell, command, kProgressRecord, progress_xml(pool->progress));
  }
  if (!pool->verbose.empty()) {
    put(shell, command, kVerboseRecord, informational_xml(pool->verbose));
  }
  if (!pool->warning.empty()) {
    put(shell, command, kWarningRecord, informational_xml(pool->warning));
  }
  const std::string& failure = pool->only_error.empty() ? pool->error : pool->only_error;
  if (!failure.empty() && !force) {
    put(shell, command, kErrorRecord, error_xml(failure, "BackupServiceError,Simulator", fqdn));
  }
  const std::vector<ModuleRow> rows = rows_of(*pool, sfb::to_lower(argument(call, "category")));
  const std::string status =
      status_xml(pool->active_machine, rows, shell.server.depth, pool->secure);
  const std::size_t blob = act == "fragments_cut" ? fault->at.value_or(50) : 32747;
  const bool has_status = pool->only_error.empty() && !pool->null && !pool->none && !pool->text;
  if (act == "unknown_message") {
    put(shell, command, 0x00041999, "<S>nobody knows this</S>");
  }
  if (pool->null) {
    put(shell, command, kPipelineOutput, {});
  }
  if (pool->text) {
    put(shell, command, kPipelineOutput, "<S>this is no status</S>");
  }
  for (int i = 0; has_status && i < (pool->two ? 2 : 1); ++i) {
    put(shell, command, kPipelineOutput, status, blob);
  }
  if (act == "fragment_gap") {
    const auto parts =
        fragments_of(++shell.objects, kPipelineOutput, shell.rpid, command.pid, status, 100);
    for (std::size_t i = 0; i < parts.size(); i += 2) {
      command.output.push_back(parts[i]);
    }
  }
  if (act == "deep_xml") {
    std::string deep;
    for (int i = 0; i < 500; ++i) {
      deep += R"(<Obj RefId="1"><LST>)";
    }
    put(shell, command, kPipelineOutput, deep);
  }
  if (act == "huge_output") {
    put(shell, command, kPipelineOutput,
        "<S>" + std::string(fault->bytes.value_or(8'000'000), 'x') + "</S>");
  }
  for (std::size_t sent = 0; sent < pool->huge; sent += 1'000'000) {
    put(shell, command, kPipelineOutput, "<S>" + std::string(1'000'000, 'x') + "</S>");
  }
  if (!pool->fatal.empty()) {
    finish(shell, command, 5, pool->fatal, "BackupServiceAccessDenied,Simulator",
           "System.InvalidOperationException", 18);
    return;
  }
  if (call.script) {
    put(shell, command, kPipelineOutput,
        extras_xml(shell.server.language == "constrained" ? "ConstrainedLanguage" : "FullLanguage",
                   has_status ? rows : std::vector<ModuleRow>()));
  }
  if (act == "bad_state") {
    put(shell, command, kPipelineState, "<S>no state</S>");
    command.ended = true;
    return;
  }
  finish(shell, command, 4);
}

}  // namespace sim
