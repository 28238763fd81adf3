// Any bytes as a message, and any conversation with a server: no crash, no growth, no message that
// changes what is over. Input: 'M' and one message; or 'C' and lines, each a letter that says
// what the server sends (see kinds) and the CLIXML body behind it.
#include "agent/base/limits.hpp"
#include "agent/psrp/bodies.hpp"
#include "agent/psrp/fragment.hpp"
#include "agent/psrp/message.hpp"
#include "agent/psrp/pipeline.hpp"
#include "agent/psrp/runspace_pool.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using sfb::fuzz::require;

namespace {

using sfb::psrp::Message;
using sfb::psrp::MessageType;
using sfb::psrp::Pipeline;
using sfb::psrp::RunspacePool;

constexpr std::size_t kMostOnDisplay = 256;
// Small, so that a conversation comes to them.
constexpr sfb::Limits kSmall{.object = 8192, .in_flight = 65'536};
constexpr std::size_t kMostHeld = kSmall.in_flight / 4;
// With the record that a pipeline makes itself when the server says none.
constexpr std::size_t kMostMemory = 4 * kMostHeld + 4096;

sfb::Guid fixed(std::uint8_t byte) {
  sfb::Guid id;
  id.bytes.fill(byte);
  return id;
}

struct Kind {
  char letter;
  MessageType type;
  bool to_pipeline;
};
constexpr Kind kKinds[] = {
    {'c', MessageType::session_capability, false},
    {'a', MessageType::application_private_data, false},
    {'s', MessageType::runspacepool_state, false},
    {'h', MessageType::runspacepool_host_call, false},
    {'i', MessageType::runspacepool_init_data, false},
    {'v', MessageType::runspace_availability, false},
    {'u', MessageType::user_event, false},
    {'k', MessageType::public_key_request, false},
    {'O', MessageType::pipeline_output, true},
    {'E', MessageType::error_record, true},
    {'S', MessageType::pipeline_state, true},
    {'D', MessageType::debug_record, true},
    {'V', MessageType::verbose_record, true},
    {'W', MessageType::warning_record, true},
    {'P', MessageType::progress_record, true},
    {'I', MessageType::information_record, true},
    {'H', MessageType::pipeline_host_call, true},
    {'?', static_cast<MessageType>(0x00041234), true},
};

void one_message(std::string_view bytes) {
  const auto message = sfb::psrp::decode(bytes);
  if (!message) {
    require(!message.error().code.empty());
    return;
  }
  require(message->body.size() + sfb::psrp::kMessageHeader <= bytes.size());
  const auto again = sfb::psrp::decode(sfb::psrp::encode(*message));
  require(again && again->type == message->type && again->rpid == message->rpid &&
          again->pid == message->pid && again->destination == message->destination);
  // Masking may lengthen what is shown, never by more than the mask for each element.
  require(sfb::psrp::show(*message, kMostOnDisplay).size() <= 8 * kMostOnDisplay);
  const sfb::Limits limits;
  (void)sfb::psrp::read_capability(message->body, limits);
  (void)sfb::psrp::read_host_call(message->body, limits);
  sfb::Graph graph;
  sfb::MemoryMeter meter(limits);
  (void)sfb::psrp::read_state(message->body, "PipelineState", limits, graph, meter);
  (void)sfb::psrp::read_ps_version(message->body, limits);
  (void)sfb::psrp::read_warning(message->body, limits);
}

std::string wrapped(const Kind& kind, std::string_view body, std::uint64_t object) {
  const Message message{.destination = sfb::psrp::Destination::client,
                        .type = kind.type,
                        .rpid = fixed(1),
                        .pid = kind.to_pipeline ? fixed(2) : sfb::Guid{},
                        .body = std::string(body)};
  std::string bytes;
  for (const std::string& fragment :
       sfb::psrp::make_fragments(object, sfb::psrp::encode(message), 1024)) {
    bytes += fragment;
  }
  return bytes;
}

void conversation(std::string_view rest) {
  RunspacePool pool({.id = fixed(1), .limits = kSmall, .observer = {}});
  pool.open();
  std::optional<Pipeline> pipeline;
  bool broken = false;  // the pipeline refused something
  std::uint64_t object = 0;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto* kind = std::ranges::find(kKinds, line.empty() ? '\0' : line[0], &Kind::letter);
    if (kind == std::end(kKinds)) {
      continue;
    }
    if (!pipeline && pool.state() == RunspacePool::State::opened) {
      pipeline.emplace(pool, fixed(2), std::vector<sfb::psrp::Command>{{"Get-It", false, {}}});
    }
    const std::string bytes = wrapped(*kind, line.substr(1), ++object);
    if (!kind->to_pipeline || !pipeline) {
      const bool over = pool.state() == RunspacePool::State::broken ||
                        pool.state() == RunspacePool::State::closed;
      const auto state = pool.state();
      (void)pool.receive(bytes);
      require(!over || pool.state() == state);
      continue;
    }
    const auto before = pipeline->state();
    const bool fine = pipeline->receive(bytes).has_value();
    require(!pipeline->finished() || before == Pipeline::State::running ||
            before == pipeline->state());
    broken = broken || !fine;
    require(!fine || pipeline->held() <= kMostHeld);
    // Each call that waits is answered, and once.
    require(pipeline->take_host_responses().size() <= 1);
    require(pipeline->take_host_responses().empty());
  }
  if (pipeline) {
    const sfb::PipelineResult result = pipeline->take_result();
    require(result.graph.memory() <= kMostMemory);
    require(!pipeline->finished() || broken || result.state == sfb::PipelineState::failed ||
            pipeline->state() == Pipeline::State::completed);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (bytes.starts_with('M')) {
    one_message(bytes.substr(1));
  } else if (bytes.starts_with('C')) {
    conversation(bytes.substr(1));
  }
  return 0;
}
