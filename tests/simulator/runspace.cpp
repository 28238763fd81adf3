#include "tests/simulator/runspace.hpp"

#include "tests/simulator/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sim {

std::string pool_in(const std::string& bytes) {
  Assembler input;
  std::vector<PsrpMessage> messages;
  if (!input.feed(bytes, messages) || messages.empty()) {
    return {};
  }
  const PipelineRequest request = read_create_pipeline(messages.front().body, {});
  if (request.commands.empty()) {
    return {};
  }
  const auto pool = request.commands.front().arguments.find("poolfqdn");
  return pool == request.commands.front().arguments.end() ? std::string() : pool->second;
}

Runspace::Runspace(World& world, std::string listener, Server server)
    : world_(world), listener_(std::move(listener)), server_(std::move(server)) {}

void Runspace::say(std::uint32_t type, const std::string& body) {
  // Before a pool is agreed upon it has no id.
  const GuidBytes rpid = type == kSessionCapability ? GuidBytes{} : rpid_;
  std::ranges::move(fragments_of(++objects_, type, rpid, {}, body), std::back_inserter(output));
}

void Runspace::put(Pipeline& pipeline, std::uint32_t type, const std::string& body,
                   std::size_t max_blob) {
  pipeline.counted.objects += type == kPipelineOutput && !body.empty() ? 1U : 0U;
  pipeline.counted.errors += type == kErrorRecord ? 1U : 0U;
  std::ranges::move(fragments_of(++objects_, type, rpid_, pipeline.pid, body, max_blob),
                    std::back_inserter(pipeline.output));
}

void Runspace::finish(Pipeline& pipeline, int state, const std::string& error,
                      const std::string& id, const std::string& type, int category) {
  put(pipeline, kPipelineState, state_xml("PipelineState", state, error, id, type, category));
  pipeline.ended = true;
}

void Runspace::open(const std::vector<PsrpMessage>& messages, const std::string& where) {
  rpid_ = messages[0].rpid;
  for (const PsrpMessage& message : messages) {
    if (message.destination != 2 || message.rpid != rpid_ || message.pid != GuidBytes{}) {
      world_.violation(where + ": a message has wrong ids");
    }
  }
  const Capability theirs = read_capability(messages[0].body);
  std::vector<std::string> problems = theirs.problems;
  std::ranges::copy(problems_of_pool(messages[1].body), std::back_inserter(problems));
  for (const std::string& problem : problems) {
    world_.violation(fmt::format("{}: {}", where, problem));
  }
  // Of two versions 2.x the smaller one is spoken. Where nothing can be agreed upon the server says
  // what it has, and then nothing, ever.
  const Version own = read_version(server_.protocol).value_or(Version{});
  const bool agreed = own.major == 2 && problems.empty();
  protocol_ = own.major == 2 && theirs.problems.empty() ? std::min(own, theirs.protocol) : own;
  world_.journal.write(
      "open", {{"listener", json_text(listener_)},
               {"protocol", json_text(fmt::format("{}.{}", protocol_.major, protocol_.minor))},
               {"agreed", agreed ? "true" : "false"}});
  say(kSessionCapability, capability_xml(fmt::format("{}.{}", protocol_.major, protocol_.minor)));
  if (!agreed) {
    return;
  }
  opens_ = server_.broken.empty();
  if (opens_) {
    say(kPrivateData, private_data_xml(server_.ps_version));
    say(kRunspacePoolState, state_xml("RunspaceState", 2));
  } else {
    say(kRunspacePoolState,
        state_xml("RunspaceState", 5, server_.broken, "PSSessionConfigurationFailed"));
  }
}

void Runspace::feed(Pipeline& pipeline, const std::string& stream, const std::string& bytes,
                    const Fault* fault) {
  std::vector<PsrpMessage> messages;
  if (!pipeline.input[stream].feed(bytes, messages)) {
    world_.violation("a client's fragments cannot be read");
    return;
  }
  for (const PsrpMessage& message : messages) {
    if (message.destination != 2 || message.rpid != rpid_ || message.pid != pipeline.pid) {
      world_.violation("a client's message has wrong ids");
    } else if (message.type == kHostResponse) {
      take_response(pipeline, stream, message.body);
    } else if (message.type == kCreatePipeline) {
      take_pipeline(pipeline, stream, message.body, fault);
    } else if (pipeline.waits_for_input && message.type == kPipelineInputEnd) {
      // A cmdlet that takes nothing from the pipeline is not called for what is not there.
      pipeline.waits_for_input = false;
      finish(pipeline, 4);
    } else if (!pipeline.waits_for_input || message.type != kPipelineInput) {
      world_.violation(fmt::format("unexpected message 0x{:08x}", message.type));
    }
  }
}

void Runspace::take_response(Pipeline& pipeline, const std::string& stream,
                             const std::string& body) {
  if (stream != "pr") {
    world_.violation("a host response came on stream " + stream);
    return;
  }
  if (!pipeline.waits_for_host) {
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
  pipeline.waits_for_host = false;
  ++world_.counters.host_responses;
  // The cmdlet that asked for a line got an exception.
  finish(pipeline, 5, "The host cannot be asked for a line.", "HostFunctionNotImplemented",
         "System.Management.Automation.Host.HostException", 1);
}

void Runspace::take_pipeline(Pipeline& pipeline, const std::string& stream, const std::string& body,
                             const Fault* fault) {
  if (stream != "stdin") {
    world_.violation("CREATE_PIPELINE came on stream " + stream);
    return;
  }
  if (std::exchange(pipeline.created, true)) {
    world_.violation("CREATE_PIPELINE came twice");
    return;
  }
  const PipelineRequest request = read_create_pipeline(body, protocol_);
  for (const std::string& problem : request.problems) {
    world_.violation("CREATE_PIPELINE: " + problem);
  }
  // A server says nothing about one that it cannot read.
  if (!request.problems.empty()) {
    return;
  }
  pipeline.starts_at = std::max(Clock::now(), busy_until_);
  pipeline.ready_at = pipeline.starts_at;
  pipeline.waits_for_input = request.input;
  if (request.input) {
    world_.violation("CREATE_PIPELINE: NoInput is not true: the pipeline waits for input");
  } else {
    run(pipeline, request, fault);
  }
}

bool Runspace::stop(Pipeline& pipeline) {
  if (server_.deaf || !pipeline.running()) {
    return false;
  }
  pipeline.output.clear();  // what it would have said
  pipeline.waits_for_host = false;
  pipeline.waits_for_input = false;
  pipeline.ready_at = Clock::now();
  finish(pipeline, 3, "The pipeline has been stopped.", "PipelineStopped",
         "System.Management.Automation.PipelineStoppedException", 14);
  return true;
}

void Runspace::leave(const Pipeline& pipeline) {
  // A cmdlet that does not hear its stop keeps the runspace until it ends; the next one waits.
  if (server_.deaf && Clock::now() >= pipeline.starts_at) {
    busy_until_ = std::max(busy_until_, pipeline.ready_at);
  }
}

}  // namespace sim
