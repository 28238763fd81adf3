#include "agent/psrp/runspace_pool.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <utility>

namespace sfb::psrp {

RunspacePool::RunspacePool(PoolOptions options)
    : options_(std::move(options)),
      defragmenter_(fragment_limits(options_.limits),
                    [this](std::uint64_t id) { saw_object(id); }) {}

std::string RunspacePool::open() {
  state_ = State::opening;
  std::string out;
  for (auto& [type, body] : {std::pair{MessageType::session_capability, session_capability({})},
                             std::pair{MessageType::init_runspacepool, init_runspacepool()}}) {
    const Message message{Destination::server, type, options_.id, {}, body};
    for (const std::string& fragment : make_fragments(next_object_id(), encode(message))) {
      out += fragment;
    }
  }
  return out;
}

Status RunspacePool::receive(std::string_view bytes) {
  if (state_ == State::closed || state_ == State::broken) {
    return {};  // what it says no longer matters
  }
  const auto messages = defragmenter_.feed(bytes);
  if (!messages) {
    state_ = State::broken;
    return std::unexpected(messages.error());
  }
  for (const std::string& encoded : *messages) {
    const auto message = decode(encoded);
    if (!message) {
      state_ = State::broken;
      return std::unexpected(message.error());
    }
    if (options_.observer) {
      options_.observer(*message);
    }
    doubt(std::string(what_is_foreign(*message, options_.id, {})));
    if (Status handled = receive(*message); !handled) {
      return handled;
    }
  }
  return {};
}

Status RunspacePool::receive(const Message& message) {
  if (state_ == State::closed || state_ == State::broken) {
    return {};  // what it says no longer matters
  }
  Status handled = handle(message);
  if (!handled && state_ != State::closed) {
    state_ = State::broken;
  }
  return handled;
}

void RunspacePool::saw_object(std::uint64_t id) {
  if (last_object_ && id - *last_object_ != 1) {
    const std::uint64_t first = *last_object_ + 1;
    doubt(id < first        ? fmt::format("object {} came behind object {}", id, *last_object_)
          : id == first + 1 ? fmt::format("object {} did not come", first)
                            : fmt::format("objects {} to {} did not come", first, id - 1));
  }
  last_object_ = id;
}

void RunspacePool::doubt(std::string why) {
  if (doubt_.empty()) {
    doubt_ = std::move(why);
  }
}

Status RunspacePool::handle(const Message& message) {
  switch (message.type) {
    case MessageType::session_capability: {
      const auto capability = read_capability(message.body, options_.limits);
      if (!capability) {
        return std::unexpected(capability.error());
      }
      server_version_ = to_string(capability->protocol);
      version_ = std::min(kOffered, capability->protocol);
      return {};
    }
    case MessageType::application_private_data:
      ps_version_ = read_ps_version(message.body, options_.limits);
      return {};
    case MessageType::runspacepool_state:
      return handle_state(message);
    case MessageType::runspacepool_host_call:
      return refuse(message, options_.limits, MessageType::runspacepool_host_response, {},
                    host_responses_);
    default:
      // Availability, events, key requests: nothing that a run without SecureStrings needs.
      return {};
  }
}

Status RunspacePool::refuse(const Message& call, const Limits& limits, MessageType answer,
                            const Guid& pid, std::vector<std::string>& responses) {
  const auto read = read_host_call(call.body, limits);
  if (!read) {
    return std::unexpected(read.error());
  }
  if (!read->expects_answer()) {
    return {};
  }
  if (responses.size() >= kMostHostResponses) {
    return fail(
        Reason::parse, "psrp.too_large",
        fmt::format("the server asks its host more than {} questions at once", kMostHostResponses),
        "look at the start-up script of the session configuration and at the profile");
  }
  const Message refusal{Destination::server, answer, options_.id, pid,
                        host_response_refusal(*read)};
  std::string& bytes = responses.emplace_back();
  for (const std::string& fragment : make_fragments(next_object_id(), encode(refusal))) {
    bytes += fragment;
  }
  return {};
}

Status RunspacePool::handle_state(const Message& message) {
  constexpr std::int32_t kOpened = 2;
  constexpr std::int32_t kClosed = 3;
  constexpr std::int32_t kClosing = 4;
  constexpr std::int32_t kBroken = 5;
  Graph graph;
  MemoryMeter meter(options_.limits);
  const auto body = read_state(message.body, "RunspaceState", options_.limits, graph, meter);
  if (!body) {
    return std::unexpected(body.error());
  }
  if (body->state == kOpened) {
    if (server_version_.empty()) {
      // It would be spoken to in a version that it may not know.
      return fail(
          Reason::protocol, "psrp.capability",
          "the server opened the session without saying its protocol version",
          "part of its answer was lost; if it happens again, look whether something between "
          "the agent and the server changes the traffic");
    }
    if (state_ == State::opening) {
      state_ = State::opened;
    }
    return {};
  }
  std::string why;
  if (body->error) {
    why = cut_utf8(ErrorRecord::from(graph, *body->error).message);
  }
  if (body->state == kBroken) {
    state_ = State::broken;
    return fail(Reason::cmdlet, "psrp.broken", "the server could not open the PowerShell session",
                "look at the session configuration on the server (Get-PSSessionConfiguration) and "
                "its start-up script",
                why);
  }
  if (body->state == kClosed || body->state == kClosing) {
    state_ = State::closed;
    return fail(Reason::protocol, "psrp.closed", "the server closed the PowerShell session",
                "look at the event log of the server (Windows Remote Management)", why);
  }
  return {};
}

std::vector<std::string> RunspacePool::take_host_responses() {
  return std::exchange(host_responses_, {});
}

}  // namespace sfb::psrp
