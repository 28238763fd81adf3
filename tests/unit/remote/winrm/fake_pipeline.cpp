// What the scripted peer makes of a command.
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"
#include "tests/unit/remote/winrm/fake_server.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sfb::remote::testing {

std::string record(std::string_view message, std::string_view id, std::string_view type,
                   std::string_view name) {
  return fmt::format(
      R"(<Obj N="{}" RefId="9"><TN RefId="9"><T>System.Management.Automation.ErrorRecord</T></TN><MS><Obj N="Exception" RefId="8"><TN RefId="8"><T>{}</T></TN><Props><S N="Message">{}</S></Props></Obj><S N="FullyQualifiedErrorId">{}</S><I32 N="ErrorCategory_Category">17</I32></MS></Obj>)",
      name, type, message, id);
}

std::string extras(const std::vector<std::string>& output, std::string_view more) {
  const auto count = std::ranges::count_if(output, [](const auto& body) { return !body.empty(); });
  return fmt::format(
      R"(<Obj RefId="0"><TN RefId="0"><T>System.Collections.Hashtable</T></TN><DCT><En><S N="Key">SfbBackupExtras</S><I32 N="Value">1</I32></En><En><S N="Key">Count</S><I32 N="Value">{}</I32></En>{}</DCT></Obj>)",
      count, more);
}

void FakeServer::feed(Shell& shell, Command& command, const std::string& stream,
                      const std::string& bytes) {
  const bool answers = stream == "pr";
  const auto messages = (answers ? command.answers : command.input).feed(bytes);
  if (!messages) {
    violated("bad fragments: " + messages.error().message);
    return;
  }
  for (const std::string& encoded : *messages) {
    const auto message = psrp::decode(encoded);
    if (!message || message->rpid != shell.rpid || to_upper(message->pid) != command.proposed) {
      violated("a message with wrong ids");
      continue;
    }
    if (answers != (message->type == psrp::MessageType::pipeline_host_response) ||
        (!answers && stream != "stdin")) {
      violated(psrp::to_string(message->type) + " on the stream " + stream);
    }
    if (message->type == psrp::MessageType::create_pipeline) {
      run(shell, command, *message);
    } else if (message->type == psrp::MessageType::pipeline_host_response) {
      refusals += message->body.find("N=\"me\"") != std::string::npos ? 1 : 0;
      produce(shell, command);
    }
  }
}

void FakeServer::run(Shell& shell, Command& command, const psrp::Message& message) {
  const auto document = clixml::read_message(message.body, {});
  const Graph& graph = document->graph;
  const Value* const shell_value = find_property(graph, document->roots.front(), "PowerShell");
  const Value* const cmds = find_property(graph, *shell_value, "Cmds");
  const Value& first = *items_of(graph, *cmds).front();
  const bool script = as_bool(graph, *find_property(graph, first, "IsScript")).value_or(false);
  const auto text = [&](const Value& of, std::string_view name) {
    return std::string(plain_text(graph, *find_property(graph, of, name)).value_or("-"));
  };
  std::string given;
  for (const Value* argument : items_of(graph, *find_property(graph, first, "Args"))) {
    given += fmt::format("{}={} ", text(*argument, "N"), text(*argument, "V"));
  }
  arguments.push_back(given);
  command.script = script;
  if (shell.busy) {
    return;
  }
  if (script) {
    scripts.push_back(text(first, "Cmd"));
  }
  if (script && !knobs.scripts) {
    finish(shell, command, "5",
           record(knobs.refusal, "ScriptsNotAllowed", "System.Management.Automation.ParseException",
                  "ExceptionAsErrorRecord"));
    return;
  }
  if (script && knobs.module_fails && given.find("SfbImportModule") != std::string::npos) {
    finish(shell, command, "5",
           record("no such module", "Modules_ModuleNotFound", knobs.module_error,
                  "ExceptionAsErrorRecord"));
    return;
  }
  if (knobs.host_call) {
    put(shell, command.output, psrp::MessageType::pipeline_host_call, *parse_guid(command.proposed),
        R"(<Obj RefId="0"><MS><I64 N="ci">1</I64><Obj N="mi" RefId="1"><ToString>ReadLine</ToString><I32>11</I32></Obj><Obj N="mp" RefId="2"><LST /></Obj></MS></Obj>)");
    return;
  }
  produce(shell, command);
}

void FakeServer::produce(Shell& shell, Command& command) {
  const Guid pid = *parse_guid(command.proposed);
  if (knobs.pool_call) {
    put(shell, command.output, psrp::MessageType::runspacepool_host_call, {},
        R"(<Obj RefId="0"><MS><I64 N="ci">7</I64><I32 N="mi">11</I32></MS></Obj>)");
  }
  for (const std::string& body : knobs.output) {
    put(shell, command.output, psrp::MessageType::pipeline_output, pid, body);
  }
  for (const std::string& body : knobs.errors) {
    put(shell, command.output, psrp::MessageType::error_record, pid, body);
  }
  for (const std::string& body : knobs.warnings) {
    put(shell, command.output, psrp::MessageType::warning_record, pid, body);
  }
  if (command.script && knobs.extras) {
    put(shell, command.output, psrp::MessageType::pipeline_output, pid,
        extras(knobs.output, R"(<En><S N="Key">Language</S><S N="Value">FullLanguage</S></En>)"));
  }
  shell.objects += knobs.skipped;
  if (knobs.call_at_end) {
    put(shell, command.output, psrp::MessageType::pipeline_host_call, pid,
        R"(<Obj RefId="0"><MS><I64 N="ci">1</I64><I32 N="mi">11</I32></MS></Obj>)");
  }
  if (!knobs.never_ends) {
    finish(shell, command, knobs.pipeline_state, {});
  }
}

void FakeServer::finish(Shell& shell, Command& command, const std::string& state,
                        const std::string& error) {
  if (!knobs.no_state) {
    put(shell, command.output, psrp::MessageType::pipeline_state, *parse_guid(command.proposed),
        fmt::format(R"(<Obj RefId="0"><MS><I32 N="PipelineState">{}</I32>{}</MS></Obj>)", state,
                    error));
  }
  command.ended = true;
}

}  // namespace sfb::remote::testing
