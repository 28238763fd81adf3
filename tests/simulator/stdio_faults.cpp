// Faults on request of the process that speaks PSRP.
#include "tests/simulator/stdio.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

namespace sim {

namespace {

constexpr std::string_view kNobody = "11111111-1111-4111-8111-111111111111";

bool is_ack(const std::string& line) {
  return line.substr(0, line.find(' ')).ends_with("Ack");
}

bool is_data(const std::string& line) {
  return line.starts_with("<Data ");
}

}  // namespace

void Stdio::stay(Millis time) {
  std::this_thread::sleep_for(time.count() > 0 ? time : Millis(std::chrono::minutes(10)));
  ::_exit(0);
}

void Stdio::leave(const Fault& fault) {
  const bool killed = fault.act == "kill";
  world_.journal.write("end", {{"status", killed ? "null" : std::to_string(fault.code)},
                               {"orderly", "false"},
                               {"pool_open", process_.has_pool() ? "true" : "false"},
                               {"commands_open", std::to_string(process_.commands())}});
  if (killed) {
    ::kill(::getpid(), SIGKILL);
  }
  fmt::print(stderr, "{}\n", fault.text);
  ::_exit(static_cast<int>(fault.code));
}

bool Stdio::before(const Fault& fault) {
  const std::string& act = fault.act;
  if ((act == "exit" || act == "kill") && fault.before) {
    leave(fault);
  } else if (act == "hang") {
    hangs_ = true;
    return false;
  } else if (act == "deaf") {
    return false;
  } else if (act == "stall") {
    stay(fault.time);
  } else if (act == "linger") {
    linger_ = fault;
    if (!fault.term) {
      std::signal(SIGTERM, SIG_IGN);
    }
  } else if (act == "delay") {
    std::this_thread::sleep_for(fault.time);
  } else if (act == "stderr") {
    fmt::print(stderr, "{}\n", fault.text);
  } else if (act == "garbage") {
    put(fault.text + end_of_line_);
  } else if (act == "error_line") {
    put(fmt::format("__NamedPipeError__:{}{}", fault.text, end_of_line_));
  } else if (act == "huge_line") {
    put(std::string(fault.bytes.value_or(8'000'000), 'x') + end_of_line_);
  }
  return true;
}

void Stdio::spoil(std::vector<std::string>& lines) {
  const Fault& fault = *fault_;
  const std::string& act = fault.act;
  const auto ack = std::ranges::find_if(lines, is_ack);
  const auto data = std::ranges::find_if(lines, is_data);
  const bool of_ack = act.contains("ack");
  const bool of_data = act == "bad_base64" || act == "split";
  const auto line = of_ack ? ack : of_data ? data : lines.begin();
  if (line == lines.end()) {
    return;  // another time, before the next step
  }
  const auto middle = static_cast<std::ptrdiff_t>(line->size() / 2);
  if (act == "wrong_ack") {
    *line = fmt::format("{} PSGuid='{}' />", line->substr(0, line->find(' ')), kNobody);
  } else if (act == "ack_twice") {
    lines.insert(line, std::string(*line));
  } else if (act == "no_ack") {
    lines.erase(line);
  } else if (act == "ack_first") {
    std::rotate(lines.begin(), line, line + 1);
  } else if (act == "bad_base64") {
    line->insert(line->find('>') + 1, "!");
  } else if (act == "split") {
    line->insert(line->begin() + middle, '\n');
  } else if (act == "malformed_xml") {
    line->resize(static_cast<std::size_t>(middle));
  } else if (act == "joined") {
    std::string all;
    std::ranges::for_each(lines, [&](const std::string& one) { all += one; });
    lines = {all};
  } else if (act == "cut_line") {
    put(line->substr(0, static_cast<std::size_t>(middle)));
    leave(fault);
  } else {
    return;  // nothing to be done to lines
  }
  fault_.reset();
}

}  // namespace sim
