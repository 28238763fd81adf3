// Drives a session of transport `ssh` against the scripted process, with a failure at a chosen
// line.
#pragma once

#include "agent/remote/process/process_session.hpp"
#include "tests/unit/remote/process/fake_process.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sfb::remote::testing {

using namespace std::chrono_literals;

// What goes wrong when a line was written.
enum class Trouble { none, dies, silent, garbage, half_then_dies };

class SshDrive {
 public:
  explicit SshDrive(Language language = Language::automatic) : session(make(language)) {}

  Result<PipelineResult> ask(int width = 0, bool expanded = false) {
    Call call{
        "Get-CsBackupServiceStatus", {{"PoolFqdn", Value::string("a.example.com")}}, "param()"};
    call.render = {.width = width, .expanded = expanded};
    const auto next = drive(session.run(call, now, now + 60s, 30s));
    const auto* const finished = std::get_if<ProcessSession::Finished>(&next);
    return finished == nullptr ? Result<PipelineResult>(fail(Reason::internal, "drive", "no end"))
                               : finished->result;
  }
  bool clear() {
    return std::holds_alternative<ProcessSession::Cleared>(drive(session.clear(now)));
  }
  bool close() {
    return std::holds_alternative<ProcessSession::Cleared>(drive(session.close(now)));
  }

  MonoTime now{};
  std::unique_ptr<FakeProcess> process;
  ProcessKnobs knobs;
  int starts = 0;
  int lines = 0;
  int trouble_at = 0;  ///< number of the line, from 1; 0: none
  Trouble trouble = Trouble::none;
  bool start_fails = false;
  std::vector<std::string> violations;
  ProcessSession session;

 private:
  static ProcessSessionOptions make(Language language) {
    ProcessSessionOptions options;
    options.language = language;
    options.import_module = "SkypeForBusiness";
    return options;
  }

  ProcessSession::Next drive(ProcessSession::Next next) {
    for (int steps = 0; steps < 1'000; ++steps) {
      now += 1ms;
      if (std::holds_alternative<ProcessSession::Start>(next)) {
        next = start();
      } else if (auto* const wait = std::get_if<ProcessSession::Wait>(&next)) {
        next = carry(*wait);
      } else {
        return next;
      }
    }
    return ProcessSession::Start{};
  }

  ProcessSession::Next start() {
    ++starts;
    if (start_fails) {
      return session.died({Reason::process, "process.start", "no", {}, {}, Stage::open}, now);
    }
    process = std::make_unique<FakeProcess>();
    process->knobs = knobs;
    return session.started();
  }

  ProcessSession::Next carry(const ProcessSession::Wait& wait) {
    if (wait.line.empty()) {
      now = wait.until;
      return session.timed_out(now);
    }
    EXPECT_TRUE(wait.line.ends_with('\n'));
    EXPECT_EQ(wait.line.find('\n'), wait.line.size() - 1) << "more than one line at once";
    ++lines;
    const Trouble present = lines == trouble_at ? trouble : Trouble::none;
    if (present == Trouble::dies || process == nullptr) {
      return die();
    }
    const std::string out =
        process->take(std::string_view(wait.line).substr(0, wait.line.size() - 1));
    for (const std::string& violation : process->violations) {
      violations.push_back(violation);
    }
    process->violations.clear();
    if (present == Trouble::silent || out.empty()) {
      now = wait.until;
      return session.timed_out(now);
    }
    if (present == Trouble::garbage) {
      return session.received("Welcome to FE1\r\n", now);
    }
    if (present == Trouble::half_then_dies) {
      const auto next = session.received(std::string_view(out).substr(0, out.size() / 2), now);
      return std::holds_alternative<ProcessSession::Wait>(next) ? die() : next;
    }
    return session.received(out, now);
  }

  ProcessSession::Next die() {
    process.reset();
    return session.died({Reason::process, "ssh.exited", "it ended", {}, {}, Stage::none}, now);
  }
};

}  // namespace sfb::remote::testing
