#include "tests/simulator/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sim {

namespace {

void tell_pipeline(const std::string& guid, Pipeline& pipeline, std::vector<std::string>& lines) {
  for (const std::string& fragment : pipeline.output) {
    lines.push_back(data_packet(guid, fragment));
  }
  pipeline.output.clear();
}

}  // namespace

std::string Process::action_of(const Packet& packet) const {
  if (packet.of_session()) {
    return packet.kind == "Close" ? "ClosePool" : packet.kind == "Data" ? "Open" : packet.kind;
  }
  return packet.kind;
}

bool Process::begins(const Packet& packet) const {
  const auto command = commands_.find(packet.guid);
  return packet.kind == "Data" && command != commands_.end() && !command->second.began;
}

std::string Process::pool_of(const Packet& packet) const {
  return begins(packet) ? pool_in(packet.bytes) : runspace_ ? runspace_->pool() : std::string();
}

Process::Answer Process::take(const Packet& packet, const std::optional<Fault>& fault) {
  Answer answer;
  if (packet.kind.ends_with("Ack")) {
    world_.violation(fmt::format("{}: a client sends no acks", packet.kind));
    answer.fatal = unknown_element(packet.kind);
  } else if (packet.kind == "Data") {
    packet.of_session() ? open(packet, answer) : data(packet, fault, answer);
  } else if (packet.kind == "Command") {
    command(packet, answer);
  } else if (packet.kind == "Signal") {
    signal(packet, answer);
  } else {
    close(packet, answer);
  }
  return answer;
}

void Process::tell(std::vector<std::string>& lines) {
  for (const std::string& fragment : runspace_->output) {
    lines.push_back(data_packet(kSessionGuid, fragment));
  }
  runspace_->output.clear();
}

void Process::open(const Packet& packet, Answer& answer) {
  if (packet.stream != "Default") {
    world_.violation("Data: the session has no stream " + packet.stream);
  }
  if (runspace_) {
    world_.violation("Data: the pool asked for nothing");
  } else if (!input_.feed(packet.bytes, opening_)) {
    world_.violation("Open: the fragments cannot be read");
  } else if (opening_.size() >= 2) {
    if (opening_.size() > 2 || opening_[0].type != kSessionCapability ||
        opening_[1].type != kInitRunspacePool) {
      world_.violation("Open: the messages are not SESSION_CAPABILITY and INIT_RUNSPACEPOOL");
    } else {
      runspace_.emplace(world_, listener_.name, listener_.server);
      runspace_->open(opening_, "Open");
      tell(answer.lines);
    }
    opening_.clear();
  }
  answer.lines.push_back(bare_packet("DataAck", packet.guid));
}

void Process::command(const Packet& packet, Answer& answer) {
  answer.lines.push_back(bare_packet("CommandAck", packet.guid));
  if (!runspace_ || !runspace_->opens()) {
    world_.violation("Command: the pool has not told that it is open");
    return;
  }
  if (packet.of_session() || commands_.contains(packet.guid) || closed_.contains(packet.guid)) {
    world_.violation("Command: there is or was a command of that PSGuid");
    return;
  }
  if (!commands_.empty()) {
    world_.violation("Command: the one before was not closed");
  }
  commands_[packet.guid].pipeline.pid = guid_bytes(packet.guid);
}

void Process::data(const Packet& packet, const std::optional<Fault>& fault, Answer& answer) {
  answer.lines.push_back(bare_packet("DataAck", packet.guid));
  const auto command = commands_.find(packet.guid);
  if (command == commands_.end()) {
    world_.violation("Data: there is no such command");  // and it is lost
    return;
  }
  if (packet.stream != "Default" && packet.stream != "PromptResponse") {
    world_.violation("Data: there is no stream " + packet.stream);
    return;
  }
  Command& one = command->second;
  if (!std::exchange(one.began, true)) {
    one.fault = fault;
  }
  runspace_->feed(one.pipeline, packet.stream == "Default" ? "stdin" : "pr", packet.bytes,
                  one.fault ? &*one.fault : nullptr);
}

void Process::signal(const Packet& packet, Answer& answer) {
  if (packet.of_session()) {
    world_.violation("Signal: the session takes none");
    answer.fatal = "Signal was received for the session.";
    return;
  }
  world_.journal.write("signal");
  const auto command = commands_.find(packet.guid);
  if (command == commands_.end()) {
    world_.violation("Signal: there is no such command");
  } else if (runspace_->stop(command->second.pipeline)) {
    tell_pipeline(packet.guid, command->second.pipeline, answer.lines);
  } else if (command->second.pipeline.running()) {
    command->second.signalled = true;
    return;
  }
  answer.lines.push_back(bare_packet("SignalAck", packet.guid));
}

void Process::close(const Packet& packet, Answer& answer) {
  if (packet.of_session()) {
    if (!runspace_) {
      world_.violation("Close: there is no pool");
      answer.lines.push_back(bare_packet("CloseAck", packet.guid));
      return;
    }
    if (!commands_.empty()) {
      world_.violation(
          fmt::format("Close: the pool has {} open commands, which come first", commands_.size()));
    }
    closing_ = true;
  } else {
    const auto command = commands_.find(packet.guid);
    if (command != commands_.end()) {
      world_.journal.write("close",
                           {{"running", command->second.pipeline.running() ? "true" : "false"}});
      runspace_->leave(command->second.pipeline);
      commands_.erase(command);
      closed_[packet.guid] = true;
    } else {
      world_.violation(closed_.contains(packet.guid) ? "Close: the command was closed before"
                                                     : "Close: there is no such command");
    }
    answer.lines.push_back(bare_packet("CloseAck", packet.guid));
  }
  if (closing_ && commands_.empty()) {
    close_pool(answer.lines);
    answer.lines.push_back(bare_packet("CloseAck", kSessionGuid));
  }
}

void Process::close_pool(std::vector<std::string>& lines) {
  for (const int state : {4, 3}) {
    runspace_->say(kRunspacePoolState, state_xml("RunspaceState", state));
  }
  tell(lines);
  world_.journal.write("close_pool", {{"commands", std::to_string(closed_.size())}});
  // Another pool may open now.
  runspace_.reset();
  input_ = {};
  closed_.clear();
  closing_ = false;
}

std::vector<std::string> Process::due() {
  std::vector<std::string> lines;
  for (auto& [guid, command] : commands_) {
    if (!command.pipeline.ready()) {
      continue;
    }
    tell_pipeline(guid, command.pipeline, lines);
    if (command.pipeline.ended && std::exchange(command.signalled, false)) {
      lines.push_back(bare_packet("SignalAck", guid));
    }
  }
  return lines;
}

std::optional<Process::Clock::time_point> Process::next() const {
  std::optional<Clock::time_point> soonest;
  for (const auto& [guid, command] : commands_) {
    if (!command.pipeline.output.empty() && (!soonest || command.pipeline.ready_at < *soonest)) {
      soonest = command.pipeline.ready_at;
    }
  }
  return soonest;
}

std::vector<std::string> Process::end() {
  std::vector<std::string> lines;
  for (auto& [guid, command] : commands_) {
    if (runspace_->stop(command.pipeline)) {
      tell_pipeline(guid, command.pipeline, lines);
    }
  }
  if (runspace_) {
    close_pool(lines);
  }
  return lines;
}

Process::Clock::time_point Process::busy_until() const {
  Clock::time_point until{};
  for (const auto& [guid, command] : commands_) {
    until = std::max(until, command.pipeline.ready_at);
  }
  return listener_.server.deaf ? until : Clock::time_point{};
}

}  // namespace sim
