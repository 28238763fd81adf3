// A Shell with ids that count, and answers to its requests.
#pragma once

#include "agent/wsman/shell.hpp"

#include <gtest/gtest.h>

#include "samples.hpp"
#include <string>
#include <vector>

namespace sfb::wsman::testing {

inline Guid numbered(std::uint8_t number) {
  Guid id;
  id.bytes.fill(0xAB);
  id.bytes[15] = number;
  return id;
}
inline const Guid kShellGuid = numbered(0xF1);
inline const Guid kCommandGuid = numbered(0xF2);
inline const std::string kProposedShell = "ABABABAB-ABAB-ABAB-ABAB-ABABABABABF1";
inline const std::string kProposedCommand = "ABABABAB-ABAB-ABAB-ABAB-ABABABABABF2";
inline constexpr std::chrono::milliseconds kPatience{1'000};

struct Rig {
  std::uint8_t ids = 0;
  Shell shell{{.session = {.to = "http://h/wsman",
                           .configuration_name = "Microsoft.PowerShell",
                           .session_id = numbered(0xF0)},
               .guids = [this] { return numbered(++ids); }}};
  std::string last_id;  // of the request outstanding

  Envelope keep(Envelope envelope) {
    last_id = "uuid:" + to_upper(envelope.message_id);
    return envelope;
  }
  Envelope request(Action action) {
    switch (action) {
      case Action::create:
        return keep(shell.create(kShellGuid, "creation", kPatience));
      case Action::receive:
        return keep(shell.receive(shell.has_command(), kPatience));
      case Action::command:
        return keep(shell.command(kCommandGuid, "fragment", kPatience));
      case Action::send:
        return keep(shell.send(shell.has_command(), "stdin", "more", kPatience));
      case Action::signal:
        return keep(shell.signal(SignalCode::terminate, kPatience));
      case Action::remove:
        break;
    }
    return keep(shell.remove(kPatience));
  }

  Result<Shell::Outcome> answer(const std::string& envelope, int status = 200, bool fresh = false) {
    return shell.reply({.status = status,
                        .content_type = kType,
                        .body = envelope,
                        .challenges = {},
                        .fresh = fresh});
  }
  /// The body of a good answer; RelatesTo as it should be.
  Result<Shell::Outcome> good(std::string_view body) { return answer(soap(last_id, body)); }
  Result<Shell::Outcome> faulted(std::string_view subcode, std::string_view code) {
    return answer(fault(last_id, subcode, code), 500);
  }

  static std::string good_body(Action action) {
    switch (action) {
      case Action::create:
        return create_body("SHELL-OF-SERVER");
      case Action::receive:
        return receive_body("");
      case Action::command:
        return command_body("COMMAND-OF-SERVER");
      case Action::send:
        return "<rsp:SendResponse/>";
      case Action::signal:
        return "<rsp:SignalResponse/>";
      case Action::remove:
        break;
    }
    return {};
  }
  void pass(Action action) {
    request(action);
    const auto outcome = good(good_body(action));
    EXPECT_TRUE(outcome.has_value()) << describe(outcome.error());
  }
  /// Everything that comes before this action.
  void up_to(Action action) {
    if (action == Action::create) {
      return;
    }
    pass(Action::create);
    if (action != Action::command && action != Action::remove) {
      pass(Action::command);
    }
  }
};

inline constexpr Action kActions[] = {Action::create, Action::receive, Action::command,
                                      Action::send,   Action::signal,  Action::remove};

inline std::string code_of(const Result<Shell::Outcome>& outcome) {
  return outcome ? "good" : outcome.error().code;
}

}  // namespace sfb::wsman::testing
