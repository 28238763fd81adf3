#include "tests/simulator/stdio.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/json.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <thread>

namespace sim {

namespace {

// Acts of a step; those of a pipeline come with its first fragments.
constexpr std::initializer_list<Fault::Door> kStep = {Fault::Door::stdio, Fault::Door::both};

// 0xFA0, of which a parent sees eight bits.
constexpr int kEnded = 160;

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(file, text.data(), text.size());
    if (count <= 0) {
      return;  // nobody reads: a real one works into the void
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

Stdio::Stdio(World& world, const Listener& listener, bool errors_on_stdout)
    : world_(world),
      listener_(listener.name),
      process_(world, listener),
      errors_on_stdout_(errors_on_stdout),
      end_of_line_(listener.server.crlf ? "\r\n" : "\n") {
  const std::string name = fmt::format("\"listener\": {}", json_text(listener_));
  world_.journal.write("start", {{"listener", json_text(listener_)}});
  world_.child = world_.journal.count(R"("event": "start", )" + name);
}

bool Stdio::read() {
  std::array<char, 65536> buffer{};
  const auto count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count <= 0) {
    return false;
  }
  partial_.append(buffer.data(), static_cast<std::size_t>(count));
  std::size_t from = 0;
  for (std::size_t at = 0; (at = partial_.find('\n', from)) != std::string::npos; from = at + 1) {
    const std::size_t end = at > from && partial_[at - 1] == '\r' ? at - 1 : at;
    lines_.push_back(partial_.substr(from, end - from));
  }
  partial_.erase(0, from);
  return true;
}

bool Stdio::wait() {
  pollfd in{STDIN_FILENO, POLLIN, 0};
  int timeout = lines_.empty() ? -1 : 0;
  if (const auto next = process_.next(); next && timeout != 0) {
    const auto left = std::chrono::ceil<Millis>(*next - Process::Clock::now()).count();
    timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
  }
  return ::poll(&in, 1, timeout) <= 0 || read();
}

int Stdio::run() {
  if (const auto fault = world_.pick(listener_, "Start", {}, kStep)) {
    before(*fault);
  }
  while (true) {
    if (!hangs_) {
      write(process_.due());
    }
    // What has come is read before the next line is answered: so is seen who did not wait.
    const bool more = wait();
    if (!lines_.empty()) {
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      if (hangs_) {
        continue;
      }
      if (line.empty()) {
        return end(unknown_element(""), true);
      }
      if (!take(line)) {
        return kEnded;
      }
    } else if (!more) {
      return hangs_ || partial_.empty() || take(partial_) ? end(unknown_element(""), true) : kEnded;
    }
  }
}

bool Stdio::take(const std::string& line) {
  const auto packets = read_packets(line);
  if (!packets) {
    world_.violation("a line is no packet: " + packets.error());
    end(packets.error(), false);
    return false;
  }
  return std::ranges::all_of(*packets, [&](const Packet& packet) { return take(packet); });
}

bool Stdio::take(const Packet& packet) {
  const std::string action = process_.action_of(packet);
  const std::string pool = process_.pool_of(packet);
  const bool begins = process_.begins(packet);
  fault_ = world_.pick(listener_, action, pool, kStep);
  if (fault_ && !before(*fault_)) {
    return true;
  }
  if (overtaken(packet.guid)) {
    world_.violation(fmt::format("{}: more came for this PSGuid before its ack was sent", action));
  }
  Process::Answer answer = process_.take(
      packet,
      begins ? world_.pick(listener_, "Command", pool, {Fault::Door::pipeline}) : std::nullopt);
  std::ranges::move(process_.due(), std::back_inserter(answer.lines));
  write(std::move(answer.lines));
  if (fault_ && !fault_->before) {
    leave(*fault_);
  }
  if (!answer.fatal.empty()) {
    end(answer.fatal, false);
    return false;
  }
  return true;
}

bool Stdio::overtaken(const std::string& guid) const {
  return std::ranges::any_of(lines_, [&](const std::string& line) {
    return sfb::to_lower(line.substr(0, 200)).contains(guid);
  });
}

void Stdio::put(std::string_view text) {
  const bool drips = fault_ && fault_->act == "slow_drip";
  const std::size_t most = drips ? fault_->bytes.value_or(1) : text.size();
  for (; !text.empty(); text.remove_prefix(std::min(most, text.size()))) {
    write_all(STDOUT_FILENO, text.substr(0, most));
    if (drips) {
      std::this_thread::sleep_for(fault_->pause);
    }
  }
}

void Stdio::write(std::vector<std::string> lines) {
  if (fault_) {
    spoil(lines);
  }
  for (const std::string& line : lines) {
    put(line + end_of_line_);
  }
}

int Stdio::end(const std::string& what, bool orderly) {
  world_.journal.write("end", {{"orderly", orderly ? "true" : "false"},
                               {"pool_open", process_.has_pool() ? "true" : "false"},
                               {"commands_open", std::to_string(process_.commands())},
                               {"status", std::to_string(kEnded)}});
  if (hangs_ || linger_) {
    if (linger_) {
      stay(linger_->time);
    }
    return kEnded;
  }
  if (orderly) {
    write(process_.end());
  }
  // A real one tells where in it that was; not at the end of stdin.
  const std::string text =
      what + (orderly ? "" : end_of_line_ + "   at the simulator") + end_of_line_;
  if (errors_on_stdout_) {
    write_all(STDOUT_FILENO, "__NamedPipeError__:" + text);
  } else {
    write_all(STDERR_FILENO, text);
  }
  std::this_thread::sleep_until(process_.busy_until());
  return kEnded;
}

}  // namespace sim
