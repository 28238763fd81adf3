// What the simulated PowerShell does with a pipeline.
#include "agent/base/text.hpp"
#include "tests/simulator/cmdlets.hpp"
#include "tests/simulator/json.hpp"
#include "tests/simulator/runspace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
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

// What happens on the way to a message, of which these are the fragments.
void lose(std::deque<std::string>& output, std::size_t first, const std::string& act) {
  constexpr std::size_t kFlags = 16;
  constexpr std::size_t kPid = 21 + 24;
  if (first == output.size()) {
    return;
  }
  if (act == "unfinished") {
    output.back()[kFlags] = static_cast<char>(first + 1 == output.size() ? 1 : 0);
  } else if (act == "other_pid") {
    output[first][kPid] = static_cast<char>(output[first][kPid] ^ 1);
  } else if (act == "lost_object") {
    output.resize(first);
  }
}

// The cmdlet that a command or script calls.
std::string called_by(const PipelineRequest::Command& call) {
  static const std::regex kForm(R"(Get-Cs\w+)");
  std::smatch found;
  if (!call.script) {
    return call.text;
  }
  return std::regex_search(call.text, found, kForm) ? found.str() : std::string(kStatusCmdlet);
}

}  // namespace

void Runspace::run(Pipeline& pipeline, const PipelineRequest& request, const Fault* fault) {
  const PipelineRequest::Command& call = request.commands.front();
  const std::string& language = server_.language;
  // Endpoints without scripts do not show Import-Module either.
  const bool import = !call.script && call.text == "Import-Module" && language != "none";
  const std::string module = import ? argument(call, "name") : imported_by(call);
  world_.journal.write("pipeline", {{"command", json_text(call.script ? "" : call.text)},
                                    {"script", call.script ? "true" : "false"},
                                    {"parameters", object(call.arguments)},
                                    {"module", json_text(module.empty() ? imported_ : module)}});
  if (call.script && language == "none") {
    finish(pipeline, 5,
           "The syntax is not supported by this runspace. This can occur if the runspace is in "
           "no-language mode.",
           "ScriptsNotAllowed", "System.Management.Automation.ParseException", 17);
    return;
  }
  if (!module.empty() && !import_module(pipeline, call, module)) {
    return;
  }
  if (import) {
    finish(pipeline, 4);
    return;
  }
  const std::string name = called_by(call);
  const auto other = find_cmdlet(server_.cmdlets, name, call.arguments);
  const bool is_other = other != server_.cmdlets.end();
  ++world_.counters.runs_by_cmdlet[is_other ? other->first : name];
  const bool loaded = server_.module.empty() || sfb::iequals(imported_, server_.module);
  if (!loaded || (!is_other && name != kStatusCmdlet)) {
    finish(pipeline, 5,
           fmt::format("The term '{}' is not recognized as the name of a cmdlet, function, script "
                       "file, or operable program.",
                       name.substr(0, 60)),
           "CommandNotFoundException", "System.Management.Automation.CommandNotFoundException", 13);
    return;
  }
  if (is_other) {
    run_other(pipeline, call, other->first, other->second);
  } else {
    run_cmdlet(pipeline, call, fault);
  }
}

bool Runspace::import_module(Pipeline& pipeline, const PipelineRequest::Command& call,
                             const std::string& module) {
  if (!server_.module.empty() && !sfb::iequals(module, server_.module)) {
    finish(pipeline, 5,
           fmt::format("The specified module '{}' was not loaded because no valid module file was "
                       "found in any module directory.",
                       module),
           "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand",
           "System.IO.FileNotFoundException", 13);
    return false;
  }
  if (!server_.import_warning.empty() && !call.text.contains("-WarningAction SilentlyContinue")) {
    put(pipeline, kWarningRecord, informational_xml(server_.import_warning));
  }
  imported_ = module;
  return true;
}

void Runspace::put_extras(Pipeline& pipeline, const PipelineRequest::Command& call,
                          const std::vector<ModuleRow>* rows, RenderedText rendered) {
  rendered.wanted = !argument(call, "sfbwidth").empty();
  rendered.expanded = !argument(call, "sfbexpand").empty();
  put(pipeline, kPipelineOutput,
      extras_xml(server_.language == "constrained" ? "ConstrainedLanguage" : "FullLanguage",
                 pipeline.counted, rows, rendered));
}

void Runspace::note_call(const PipelineRequest::Command& call) {
  world_.last_call = call.arguments;
  world_.last_call["script"] = call.script ? "true" : "false";
  world_.last_call["listener"] = listener_;
  if (!imported_.empty()) {
    world_.last_call["imported"] = imported_;
  }
}

void Runspace::run_other(Pipeline& pipeline, const PipelineRequest::Command& call,
                         const std::string& name, const CmdletAnswer& all) {
  pool_.clear();
  note_call(call);
  world_.last_call["cmdlet"] = name;
  for (const std::string& parameter : all.unknown_parameters) {
    if (call.arguments.contains(sfb::to_lower(parameter))) {
      finish(
          pipeline, 5,
          fmt::format("A parameter cannot be found that matches parameter name '{}'.", parameter),
          "NamedParameterNotFound,Simulator",
          "System.Management.Automation.ParameterBindingException", 5);
      return;
    }
  }
  if (call.arguments.contains("poolfqdn") == all.pools.empty()) {
    finish(pipeline, 5,
           all.pools.empty()
               ? "A parameter cannot be found that matches parameter name 'PoolFqdn'."
               : "Cannot process command because of one or more missing mandatory parameters: "
                 "PoolFqdn.",
           all.pools.empty() ? "NamedParameterNotFound,Simulator"
                             : "MissingMandatoryParameter,Simulator",
           "System.Management.Automation.ParameterBindingException", 5);
    return;
  }
  const std::string fqdn = sfb::to_lower(argument(call, "poolfqdn"));
  static const CmdletAnswer kUnknownPool = {.error = "Cannot find the pool in the topology."};
  const auto of_pool = all.pools.find(fqdn);
  const CmdletAnswer& answer = all.pools.empty()            ? all
                               : of_pool == all.pools.end() ? kUnknownPool
                                                            : of_pool->second;
  pipeline.ready_at = pipeline.starts_at + answer.slow;
  for (const std::string& object : answer.objects) {
    put(pipeline, kPipelineOutput, object);
  }
  if (!answer.error.empty()) {
    put(pipeline, kErrorRecord, error_xml(answer.error, "CmdletError,Simulator", name));
  }
  if (call.script) {
    put_extras(pipeline, call, nullptr, {});
  }
  finish(pipeline, 4);
}

void Runspace::run_cmdlet(Pipeline& pipeline, const PipelineRequest::Command& call,
                          const Fault* fault) {
  const std::string fqdn = sfb::to_lower(argument(call, "poolfqdn"));
  pool_ = fqdn;
  ++world_.counters.runs_by_pool[fqdn];
  note_call(call);
  const bool force = sfb::iequals(argument(call, "force"), "true");
  const Pool* const pool = world_.pool(fqdn);
  if (pool == nullptr) {
    if (!force) {
      put(pipeline, kErrorRecord,
          error_xml(fmt::format("Cannot find pool \"{}\" in the topology.", fqdn),
                    "PoolNotFound,Simulator", fqdn));
    }
    if (call.script) {
      const std::vector<ModuleRow> none;
      put_extras(pipeline, call, &none, {});
    }
    finish(pipeline, 4);
    return;
  }
  pipeline.ready_at = pipeline.starts_at + pool->slow;
  const std::string act = fault == nullptr ? std::string() : fault->act;
  if (pool->host_call || act == "host_call") {
    pipeline.waits_for_host = true;
    put(pipeline, kHostCall, host_call_xml(kHostCallId));
    return;
  }
  if (!pool->progress.empty()) {
    put(pipeline, kProgressRecord, progress_xml(pool->progress));
  }
  if (!pool->verbose.empty()) {
    put(pipeline, kVerboseRecord, informational_xml(pool->verbose));
  }
  if (!pool->warning.empty()) {
    put(pipeline, kWarningRecord, informational_xml(pool->warning));
  }
  const std::string& failure = pool->only_error.empty() ? pool->error : pool->only_error;
  if (!failure.empty() && !force) {
    put(pipeline, kErrorRecord, error_xml(failure, "BackupServiceError,Simulator", fqdn));
  }
  const std::vector<ModuleRow> rows = rows_of(*pool, sfb::to_lower(argument(call, "category")));
  const std::string status = status_xml(pool->active_machine, rows, server_.depth, pool->secure);
  const std::size_t blob = act == "fragments_cut" ? fault->at.value_or(50) : 32747;
  const bool has_status = pool->only_error.empty() && !pool->null && !pool->none && !pool->text;
  if (act == "unknown_message") {
    put(pipeline, 0x00041999, "<S>nobody knows this</S>");
  }
  if (pool->null) {
    put(pipeline, kPipelineOutput, {});
  }
  if (pool->text) {
    put(pipeline, kPipelineOutput, "<S>this is no status</S>");
  }
  const std::size_t before = pipeline.output.size();
  for (int i = 0; has_status && i < (pool->two ? 2 : 1); ++i) {
    put(pipeline, kPipelineOutput, status, blob);
  }
  lose(pipeline.output, before, act);
  if (act == "id_gap") {
    objects_ += 3;  // of another session, for one
  }
  if (act == "fragment_gap") {
    const auto parts = fragments_of(++objects_, kPipelineOutput, rpid_, pipeline.pid, status, 100);
    for (std::size_t i = 0; i < parts.size(); i += 2) {
      pipeline.output.push_back(parts[i]);
    }
  }
  if (act == "deep_xml") {
    std::string deep;
    for (int i = 0; i < 500; ++i) {
      deep += fmt::format(R"(<Obj RefId="{}"><LST>)", i);
    }
    put(pipeline, kPipelineOutput, deep);
  }
  if (act == "huge_output") {
    put(pipeline, kPipelineOutput,
        "<S>" + std::string(fault->bytes.value_or(8'000'000), 'x') + "</S>");
  }
  for (std::size_t sent = 0; sent < pool->huge; sent += 1'000'000) {
    put(pipeline, kPipelineOutput, "<S>" + std::string(1'000'000, 'x') + "</S>");
  }
  if (!pool->fatal.empty()) {
    finish(pipeline, 5, pool->fatal, "BackupServiceAccessDenied,Simulator",
           "System.InvalidOperationException", 18);
    return;
  }
  if (call.script && act != "no_extras") {
    const std::vector<ModuleRow> sent = has_status ? rows : std::vector<ModuleRow>();
    put_extras(pipeline, call, &sent, {.text = pool->rendered, .modules = pool->rendered_modules});
  }
  if (act == "bad_state") {
    put(pipeline, kPipelineState, "<S>no state</S>");
    pipeline.ended = true;
    return;
  }
  finish(pipeline, 4);
}

}  // namespace sim
