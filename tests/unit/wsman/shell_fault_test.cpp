// Every kind of fault in answer to every request: what is said, and what is still there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"
#include <string>

namespace sfb::wsman {
namespace {

using namespace sfb::wsman::testing;

struct Expected {
  std::string_view code;  // `good`
  bool gone;
  bool command;
  Reaction reaction = Reaction::give_up;
};

struct Case {
  std::string_view name;
  std::string_view subcode;
  std::string_view fault_code;
  // In the order of kActions: create, receive, command, send, signal, remove. Receive, Send and
  // Signal are about a command; Delete comes with none.
  Expected expected[6];
};

const Case kCases[] = {
    {"timed out",
     "TimedOut",
     "2150858793",
     {{"wsman.timed_out", false, false},
      {"good", false, true},
      {"wsman.timed_out", false, true},
      {"wsman.timed_out", false, true},
      {"wsman.timed_out", false, true},
      {"wsman.timed_out", false, false}}},
    {"unexpected selectors",
     "InvalidSelectors",
     "2150858843",
     {{"wsman.shell_gone", true, false},
      {"wsman.shell_gone", false, false, Reaction::reopen},
      {"wsman.shell_gone", false, false, Reaction::reopen},
      {"wsman.shell_gone", false, false, Reaction::reopen},
      {"good", false, false},
      {"good", true, false}}},
    {"aborted",
     "",
     "995",
     {{"wsman.aborted", true, false},
      {"wsman.aborted", false, false, Reaction::reopen},
      {"wsman.aborted", false, false, Reaction::reopen},
      {"wsman.aborted", false, false, Reaction::reopen},
      {"good", false, false},
      {"good", true, false}}},
    {"too many commands",
     "InternalError",
     "2150859241",
     {{"wsman.quota_commands", true, false},
      {"wsman.quota_commands", false, true, Reaction::reopen},
      {"wsman.quota_commands", false, false, Reaction::reopen},
      {"wsman.quota_commands", false, true, Reaction::reopen},
      {"wsman.quota_commands", false, true},
      {"wsman.quota_commands", false, false}}},
    {"too many shells",
     "QuotaLimit",
     "2150859173",
     {{"wsman.quota_shells", true, false},
      {"wsman.quota_shells", false, true},
      {"wsman.quota_shells", false, false},
      {"wsman.quota_shells", false, true},
      {"wsman.quota_shells", false, true},
      {"wsman.quota_shells", false, false}}},
    {"access denied",
     "AccessDenied",
     "5",
     {{"wsman.access_denied", true, false},
      {"wsman.access_denied", false, true},
      {"wsman.access_denied", false, false},
      {"wsman.access_denied", false, true},
      {"wsman.access_denied", false, true},
      {"wsman.access_denied", false, false}}},
    {"unknown",
     "InternalError",
     "4711",
     {{"wsman.fault", true, false},
      {"wsman.fault", false, true},
      {"wsman.fault", false, false},
      {"wsman.fault", false, true},
      {"wsman.fault", false, true},
      {"wsman.fault", false, false}}},
};

TEST(WsmanShellFaults, EachFaultInAnswerToEachRequest) {
  for (const Case& c : kCases) {
    for (std::size_t i = 0; i < std::size(kActions); ++i) {
      SCOPED_TRACE(fmt::format("{} in answer to {}", c.name, to_string(kActions[i])));
      // The status of a fault does not matter.
      for (const int status : {500, 200, 400}) {
        Rig rig;
        rig.up_to(kActions[i]);
        rig.request(kActions[i]);
        const auto outcome = rig.answer(fault(rig.last_id, c.subcode, c.fault_code), status);
        const Expected& expected = c.expected[i];
        EXPECT_EQ(code_of(outcome), expected.code);
        EXPECT_EQ(rig.shell.gone(), expected.gone);
        EXPECT_EQ(rig.shell.has_command(), expected.command);
        EXPECT_EQ(rig.shell.fault_reaction(), expected.reaction);
        EXPECT_FALSE(rig.shell.outstanding());
      }
    }
  }
}

TEST(WsmanShellFaults, OnlyAReceiveMayTimeOutQuietly) {
  Rig rig;
  rig.pass(Action::create);
  rig.request(Action::receive);
  const auto quiet = rig.faulted("TimedOut", "");
  ASSERT_TRUE(quiet.has_value());
  EXPECT_TRUE(quiet->timed_out);
  EXPECT_TRUE(quiet->streams.empty());
  rig.request(Action::receive);
  const auto answered = rig.good(receive_body(stream("", "AA==")));
  ASSERT_TRUE(answered.has_value());
  EXPECT_FALSE(answered->timed_out);
  EXPECT_EQ(answered->streams.size(), 1U);
  rig.request(Action::command);
  const auto late = rig.faulted("TimedOut", "");
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().reason, Reason::timeout);
}

TEST(WsmanShellFaults, ACreateThatTimedOutCanBeCleared) {
  Rig rig;
  rig.request(Action::create);
  EXPECT_EQ(code_of(rig.faulted("TimedOut", "2150858793")), "wsman.timed_out");
  EXPECT_FALSE(rig.shell.gone());
  EXPECT_NE(rig.request(Action::remove).xml.find(">" + kProposedShell + "<"), std::string::npos);
  ASSERT_TRUE(rig.faulted("InvalidSelectors", "2150858843").has_value()) << "it never was";
  EXPECT_TRUE(rig.shell.gone());
}

TEST(WsmanShellFaults, TheReactionIsThatOfTheLastAnswer) {
  Rig rig;
  rig.up_to(Action::receive);
  rig.request(Action::receive);
  EXPECT_FALSE(rig.faulted("InternalError", "2150859241").has_value());
  EXPECT_EQ(rig.shell.fault_reaction(), Reaction::reopen);
  rig.request(Action::receive);
  EXPECT_EQ(rig.shell.fault_reaction(), Reaction::give_up);
  EXPECT_TRUE(rig.good(receive_body("")).has_value());
  EXPECT_EQ(rig.shell.fault_reaction(), Reaction::give_up);
}

}  // namespace
}  // namespace sfb::wsman
