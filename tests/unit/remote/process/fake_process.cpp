#include "tests/unit/remote/process/fake_process.hpp"

#include "agent/base/base64.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"
#include "agent/xml/reader.hpp"
#include "tests/unit/remote/winrm/fake_server.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sfb::remote::testing {

namespace {

std::string ack(std::string_view kind, const Guid& id) {
  return fmt::format("<{}Ack PSGuid='{}' />\n", kind, to_string(id));
}

std::string state(std::string_view member, std::string_view number, std::string_view error = {}) {
  return fmt::format(R"(<Obj RefId="0"><MS><I32 N="{}">{}</I32>{}</MS></Obj>)", member, number,
                     error);
}

std::string call(int id) {
  return fmt::format(
      R"(<Obj RefId="0"><MS><I64 N="ci">{}</I64><Obj N="mi" RefId="1"><ToString>ReadLine</ToString><I32>11</I32></Obj><Obj N="mp" RefId="2"><LST/></Obj></MS></Obj>)",
      id);
}

}  // namespace

std::string FakeProcess::data(const Guid& id, psrp::MessageType type, const std::string& body) {
  const psrp::Message message{.destination = psrp::Destination::client,
                              .type = type,
                              .rpid = rpid_,
                              .pid = id,
                              .body = body};
  std::string lines;
  for (const std::string& fragment : psrp::make_fragments(++objects_, psrp::encode(message))) {
    lines += fmt::format("<Data Stream='Default' PSGuid='{}'>{}</Data>\n", to_string(id),
                         base64_encode(fragment));
  }
  return lines;
}

std::string FakeProcess::take(std::string_view line) {
  const auto packet = xml::read(line, {});
  const std::string* const id_text = packet ? packet->attribute("PSGuid") : nullptr;
  const auto id = id_text == nullptr ? std::nullopt : parse_guid(*id_text);
  if (!id) {
    violated(fmt::format("no packet: {}", line));
    return {};
  }
  kinds.push_back(packet->name);
  if (packet->name == "Data") {
    const auto bytes = base64_decode(packet->text);
    if (!bytes) {
      violated("bad base64");
      return {};
    }
    const bool response = *packet->attribute("Stream") == "PromptResponse";
    const auto known = pipelines_.find(*id);
    if (!id->is_zero() && known == pipelines_.end()) {
      violated("Data for a pipeline that is not known");
      return {};
    }
    if (response) {
      refusals += psrp::Defragmenter({}).feed(*bytes).value().front().contains("N=\"me\"") ? 1 : 0;
      const std::string more = id->is_zero() ? data(*id, psrp::MessageType::runspacepool_state,
                                                    state("RunspaceState", "2"))
                                             : produce(*id, known->second);
      return ack("Data", *id) + more;
    }
    const std::string more = id->is_zero() ? session(*bytes) : pipeline(*id, known->second, *bytes);
    return knobs.acks_first || !id->is_zero() ? ack("Data", *id) + more : more + ack("Data", *id);
  }
  if (packet->name == "Command") {
    pipelines_.try_emplace(*id);
    ++open;
    return ack("Command", *id);
  }
  if (packet->name == "Signal") {
    if (id->is_zero() || !pipelines_.contains(*id)) {
      violated("a Signal for what is no pipeline");
      return {};
    }
    Pipeline& pipeline = pipelines_.at(*id);
    if (knobs.deaf && !pipeline.ended) {
      return {};
    }
    std::string stopped;
    if (!pipeline.ended) {
      pipeline.ended = true;
      stopped = data(*id, psrp::MessageType::pipeline_state, state("PipelineState", "3"));
    }
    return stopped + ack("Signal", *id);
  }
  if (packet->name != "Close") {
    violated("a packet that clients do not send: " + packet->name);
    return {};
  }
  if (id->is_zero()) {
    if (open > 0) {
      violated("the pool is closed before its pipelines");
      return {};
    }
    closed = true;
    return data({}, psrp::MessageType::runspacepool_state, state("RunspaceState", "4")) +
           data({}, psrp::MessageType::runspacepool_state, state("RunspaceState", "3")) +
           ack("Close", *id);
  }
  if (pipelines_.erase(*id) == 0) {
    violated("Close of a pipeline that is not known");
  }
  --open;
  return ack("Close", *id);
}

std::string FakeProcess::session(const std::string& bytes) {
  std::string out;
  const auto messages = pool_input_.feed(bytes);
  if (!messages) {
    violated("bad fragments");
    return {};
  }
  for (const std::string& encoded : *messages) {
    const auto message = psrp::decode(encoded);
    if (message && message->type == psrp::MessageType::session_capability) {
      const Guid own = std::exchange(rpid_, Guid{});
      out += data(
          {}, message->type,
          fmt::format(
              R"(<Obj RefId="0"><MS><Version N="protocolversion">{}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>)",
              knobs.version));
      rpid_ = own.is_zero() ? message->rpid : own;
    } else if (message && message->type == psrp::MessageType::init_runspacepool) {
      ++pools;
      if (!knobs.broken_pool.empty()) {
        out += data({}, psrp::MessageType::runspacepool_state,
                    state("RunspaceState", "5",
                          record(knobs.broken_pool, "Broken", "System.Exception",
                                 "ExceptionAsErrorRecord")));
      } else if (knobs.pool_call) {
        out += data({}, psrp::MessageType::runspacepool_host_call, call(1));
      } else {
        out += data({}, psrp::MessageType::runspacepool_state, state("RunspaceState", "2"));
      }
    } else {
      violated("an unexpected message to the pool");
    }
  }
  return out;
}

std::string FakeProcess::pipeline(const Guid& id, Pipeline& pipeline, const std::string& bytes) {
  std::string out;
  const auto messages = pipeline.input.feed(bytes);
  if (!messages) {
    violated("bad fragments");
    return {};
  }
  for (const std::string& encoded : *messages) {
    const auto message = psrp::decode(encoded);
    if (!message || message->rpid != rpid_ || message->pid != id || pipeline.created ||
        message->type != psrp::MessageType::create_pipeline) {
      violated("an unexpected message to a pipeline");
      continue;
    }
    pipeline.created = true;
    out += run(id, pipeline, *message);
  }
  return out;
}

std::string FakeProcess::run(const Guid& id, Pipeline& pipeline, const psrp::Message& message) {
  ++pipelines;
  const auto document = clixml::read_message(message.body, {});
  const Graph& graph = document->graph;
  const Value* const shell = find_property(graph, document->roots.front(), "PowerShell");
  const Value& first = *items_of(graph, *find_property(graph, *shell, "Cmds")).front();
  const bool script = as_bool(graph, *find_property(graph, first, "IsScript")).value_or(false);
  std::string given;
  for (const Value* argument : items_of(graph, *find_property(graph, first, "Args"))) {
    const auto text = [&](std::string_view name) {
      return plain_text(graph, *find_property(graph, *argument, name)).value_or("-");
    };
    given += fmt::format("{}={} ", text("N"), text("V"));
  }
  arguments.push_back(given);
  scripts += script ? 1 : 0;
  pipeline.script = script;
  if (script && !knobs.scripts) {
    pipeline.ended = true;
    return data(
        id, psrp::MessageType::pipeline_state,
        state("PipelineState", "5",
              record("The syntax is not supported by this runspace.", "ScriptsNotAllowed",
                     "System.Management.Automation.ParseException", "ExceptionAsErrorRecord")));
  }
  if (knobs.host_call) {
    return data(id, psrp::MessageType::pipeline_host_call, call(7));
  }
  return produce(id, pipeline);
}

std::string FakeProcess::produce(const Guid& id, Pipeline& pipeline) {
  std::string out;
  for (const std::string& body : knobs.output) {
    out += data(id, psrp::MessageType::pipeline_output, body);
  }
  for (const std::string& body : knobs.errors) {
    out += data(id, psrp::MessageType::error_record, body);
  }
  if (pipeline.script && knobs.extras) {
    out += data(id, psrp::MessageType::pipeline_output, extras(knobs.output, knobs.more));
  }
  if (!knobs.another.empty()) {
    out += data({.bytes = {1}}, psrp::MessageType::pipeline_output, knobs.another);
  }
  objects_ += knobs.skipped;
  if (!knobs.never_ends) {
    pipeline.ended = true;
    out +=
        data(id, psrp::MessageType::pipeline_state, state("PipelineState", knobs.pipeline_state));
  }
  return out;
}

}  // namespace sfb::remote::testing
