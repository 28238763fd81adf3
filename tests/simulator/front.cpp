// A shell before a real engine: fragments pass through untouched in both directions.
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "tests/simulator/machine.hpp"

#include <algorithm>

namespace sim {

namespace {

// Of RUNSPACEPOOL_STATE.
bool is_opened(const PsrpMessage& message) {
  return message.type == kRunspacePoolState && message.body.contains("\"RunspaceState\">2<");
}

std::string guid_of(const GuidBytes& pid) {
  return sfb::to_lower(guid_text(pid));
}

}  // namespace

std::optional<std::string> Machine::start_engine(const SoapRequest& request,
                                                 const ShellPtr& shell) {
  const std::weak_ptr<Shell> weak = shell;
  Engine::Events events;
  events.data = [this, weak](const Packet& packet) {
    if (const ShellPtr one = weak.lock()) {
      from_engine(*one, packet);
    }
  };
  // A process that ends takes its shell with it.
  events.end = [this, weak] {
    if (const ShellPtr one = weak.lock(); one && !one->gone) {
      drop(one);
    }
  };
  auto engine = Engine::start(executor_, shell->runspace.server().engine, std::move(events));
  if (!engine) {
    return engine.error();
  }
  shell->front = std::make_unique<Front>();
  shell->front->engine = std::move(*engine);
  const auto* const creation = find(request.body(), {"Shell", "creationXml"});
  shell->front->engine->send({"Data", "Default", std::string(kSessionGuid),
                              sfb::base64_decode(creation->text).value_or("-")});
  return std::nullopt;
}

void Machine::from_engine(Shell& shell, const Packet& packet) {
  std::vector<PsrpMessage> messages;
  shell.front->seen[packet.guid].feed(packet.bytes, messages);
  if (packet.of_session()) {
    shell.front->opened |= std::ranges::any_of(messages, is_opened);
    shell.runspace.output.push_back(packet.bytes);
    shell.wake.cancel();
    return;
  }
  for (const auto& [id, command] : shell.commands) {
    if (guid_of(command->pipeline.pid) == packet.guid) {
      // WS-Man says besides that a command is done.
      command->pipeline.ended |=
          std::ranges::find(messages, kPipelineState, &PsrpMessage::type) != messages.end();
      command->pipeline.output.push_back(packet.bytes);
      command->wake.cancel();
    }
  }
}

void Machine::to_engine(Shell& shell, const Command& command, const std::string& stream,
                        const std::string& bytes) {
  if (const std::string pool = pool_in(bytes); !pool.empty()) {
    shell.front->pool = sfb::to_lower(pool);
  }
  shell.front->engine->send({"Data", stream == "pr" ? "PromptResponse" : "Default",
                             guid_of(command.pipeline.pid), bytes});
}

void Machine::to_engine(Shell& shell, const Command& command, const std::string& kind) {
  shell.front->engine->send({kind, "", guid_of(command.pipeline.pid), ""});
}

}  // namespace sim
