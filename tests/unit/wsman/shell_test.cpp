#include "agent/wsman/shell.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"
#include <string>

namespace sfb::wsman {
namespace {

using namespace sfb::wsman::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(WsmanShell, IdsAreUsedAsReturned) {
  Rig rig;
  EXPECT_TRUE(rig.shell.gone());
  EXPECT_THAT(rig.request(Action::create).xml, HasSubstr("ShellId=\"" + kProposedShell + "\""));
  EXPECT_EQ(rig.shell.id(), kProposedShell);
  const auto created =
      rig.good(create_body("Own-Shell") + "<rsp:Shell><rsp:Owner>svc</rsp:Owner></rsp:Shell>");
  ASSERT_TRUE(created.has_value());
  EXPECT_EQ(created->created.shell_id, "Own-Shell");
  EXPECT_EQ(created->created.facts.size(), 1U);
  EXPECT_EQ(rig.shell.id(), "Own-Shell");
  EXPECT_FALSE(rig.shell.gone());

  const std::string pool = rig.request(Action::receive).xml;
  EXPECT_THAT(pool, HasSubstr("\"ShellId\">Own-Shell<"));
  EXPECT_THAT(pool, Not(HasSubstr("CommandId")));
  ASSERT_TRUE(rig.good(receive_body("")).has_value());

  EXPECT_THAT(rig.request(Action::command).xml, HasSubstr(kProposedCommand));
  EXPECT_TRUE(rig.shell.has_command()) << "it may exist from now on";
  ASSERT_TRUE(rig.good(command_body("Own-Command")).has_value());
  for (const Action action : {Action::send, Action::receive, Action::signal}) {
    EXPECT_THAT(rig.request(action).xml, HasSubstr("CommandId=\"Own-Command\""));
    ASSERT_TRUE(rig.good(Rig::good_body(action)).has_value());
  }
  EXPECT_FALSE(rig.shell.has_command()) << "terminated";
  EXPECT_THAT(rig.request(Action::remove).xml, HasSubstr("\"ShellId\">Own-Shell<"));
  ASSERT_TRUE(rig.good("").has_value());
  EXPECT_TRUE(rig.shell.gone());
}

TEST(WsmanShell, StopKeepsTheCommandAndTerminateEndsIt) {
  Rig rig;
  rig.up_to(Action::signal);
  EXPECT_THAT(rig.keep(rig.shell.signal(SignalCode::stop, kPatience)).xml,
              HasSubstr(">powershell/signal/crtl_c<"));
  ASSERT_TRUE(rig.good("<rsp:SignalResponse/>").has_value());
  EXPECT_TRUE(rig.shell.has_command());
  rig.pass(Action::signal);
  EXPECT_FALSE(rig.shell.has_command());
  rig.pass(Action::command);
  EXPECT_TRUE(rig.shell.has_command()) << "the next one in the same shell";
}

std::vector<std::string> bytes_of(const Result<Shell::Outcome>& outcome) {
  std::vector<std::string> bytes;
  for (const Stream& stream : outcome.value().streams) {
    bytes.push_back(stream.bytes);
  }
  return bytes;
}

TEST(WsmanShell, StreamsOfOthersAreDropped) {
  Rig rig;
  rig.pass(Action::create);
  const std::string mixed = receive_body(stream("", "cA==") + stream("COMMAND-of-server", "Yw==") +
                                         stream("OTHER", "bw==") + state("OTHER", "Done"));
  rig.request(Action::receive);
  EXPECT_THAT(bytes_of(rig.good(mixed)), ElementsAre("p")) << "the pool's have no id";
  rig.pass(Action::command);
  rig.request(Action::receive);
  const auto outcome = rig.good(mixed);
  EXPECT_THAT(bytes_of(outcome), ElementsAre("p", "c")) << "case does not matter";
  EXPECT_TRUE(outcome->foreign);
  EXPECT_FALSE(rig.shell.command_done()) << "another's state";
  rig.request(Action::receive);
  EXPECT_FALSE(rig.good(receive_body(stream("OTHER", "")))->foreign) << "empty";
}

TEST(WsmanShell, DoneIsRememberedForItsCommand) {
  for (const char* id : {"COMMAND-OF-SERVER", ""}) {
    Rig rig;
    rig.up_to(Action::receive);
    rig.request(Action::receive);
    ASSERT_TRUE(rig.good(receive_body(state(id, "Running"))).has_value());
    EXPECT_FALSE(rig.shell.command_done());
    rig.request(Action::receive);
    ASSERT_TRUE(rig.good(receive_body(state(id, "Done"))).has_value());
    EXPECT_TRUE(rig.shell.command_done());
    rig.pass(Action::signal);
    EXPECT_FALSE(rig.shell.command_done());
  }
}

// What is left after each request got no answer.
TEST(WsmanShell, LostRequestsLeaveWhatMayExist) {
  for (const Action action : kActions) {
    SCOPED_TRACE(to_string(action));
    Rig rig;
    rig.up_to(action);
    const bool had_command = rig.shell.has_command();
    rig.request(action);
    EXPECT_TRUE(rig.shell.outstanding());
    rig.shell.lost();
    EXPECT_FALSE(rig.shell.outstanding());
    EXPECT_FALSE(rig.shell.gone());
    EXPECT_EQ(rig.shell.has_command(), had_command || action == Action::command);
    if (action == Action::create) {
      EXPECT_THAT(rig.request(Action::remove).xml, HasSubstr(">" + kProposedShell + "<"));
    } else if (action == Action::command) {
      EXPECT_THAT(rig.request(Action::signal).xml,
                  HasSubstr("CommandId=\"" + kProposedCommand + "\""));
    } else {
      EXPECT_THAT(rig.request(Action::remove).xml, HasSubstr(">SHELL-OF-SERVER<"));
    }
  }
}

TEST(WsmanShell, RelatesToIsCheckedWithoutCase) {
  for (const Action action : kActions) {
    SCOPED_TRACE(to_string(action));
    for (const std::string& foreign :
         {std::string(), std::string("uuid:ABABABAB-ABAB-ABAB-ABAB-ABABABABABEE")}) {
      Rig rig;
      rig.up_to(action);
      rig.request(action);
      const auto outcome = rig.answer(soap(foreign, Rig::good_body(action)));
      EXPECT_EQ(code_of(outcome), "wsman.out_of_step");
      EXPECT_TRUE(rig.shell.out_of_step());
      EXPECT_EQ(outcome.error().reason, Reason::protocol);
      EXPECT_FALSE(rig.shell.gone()) << "whatever it was, the shell may be there";
      EXPECT_EQ(rig.shell.fault_reaction(), Reaction::give_up);
      EXPECT_FALSE(rig.shell.outstanding());
    }
    Rig rig;
    rig.up_to(action);
    const Envelope envelope = rig.request(action);
    EXPECT_EQ(code_of(rig.answer(
                  soap("urn:uuid:" + to_string(envelope.message_id), Rig::good_body(action)))),
              "good");
    EXPECT_FALSE(rig.shell.out_of_step());
  }
}

TEST(WsmanShell, OnAFreshConnectionAFaultWithoutRelatesToIsOurs) {
  Rig refused;
  refused.request(Action::create);
  EXPECT_EQ(code_of(refused.answer(fault("", "", "5"), 500, true)), "wsman.access_denied");
  Rig other;
  other.request(Action::create);
  EXPECT_EQ(code_of(other.answer(fault("uuid:1", "", "5"), 500, true)), "wsman.out_of_step");
  Rig good;
  good.request(Action::create);
  EXPECT_EQ(code_of(good.answer(soap("", Rig::good_body(Action::create)), 200, true)),
            "wsman.out_of_step");
}

TEST(WsmanShell, AFaultWithoutRelatesToStillShowsItsText) {
  Rig rig;
  rig.request(Action::create);
  const auto outcome = rig.answer(fault("", "", "2150858767", "Header is bad."), 500);
  EXPECT_EQ(code_of(outcome), "wsman.out_of_step");
  EXPECT_EQ(outcome.error().peer, "Header is bad.");
}

TEST(WsmanShell, AnAnswerOfAnotherActionIsRefused) {
  for (const Action action : kActions) {
    for (const Action other : kActions) {
      const bool same_kind = Rig::good_body(action) == Rig::good_body(other) ||
                             (action >= Action::send && other >= Action::send);
      if (same_kind) {
        continue;
      }
      SCOPED_TRACE(fmt::format("{} for {}", to_string(other), to_string(action)));
      Rig rig;
      rig.up_to(action);
      rig.request(action);
      const auto outcome = rig.good(Rig::good_body(other));
      EXPECT_EQ(code_of(outcome), "wsman.wrong_reply");
      EXPECT_FALSE(rig.shell.gone());
    }
  }
}

TEST(WsmanShell, UnreadableAnswersLeaveWhatMayExist) {
  for (const Action action : kActions) {
    SCOPED_TRACE(to_string(action));
    Rig rig;
    rig.up_to(action);
    rig.request(action);
    EXPECT_EQ(code_of(rig.answer("<s:Envelope", 200)), "xml.syntax");
    EXPECT_TRUE(rig.shell.out_of_step());
    EXPECT_FALSE(rig.shell.gone());
    rig.request(Action::remove);
    EXPECT_EQ(code_of(rig.answer("", 503)), "http.unavailable");
    EXPECT_FALSE(rig.shell.out_of_step());
    EXPECT_FALSE(rig.shell.gone());
  }
}

// A logon refused did nothing: a Delete after it would only be one more refused logon.
TEST(WsmanShell, ARequestRefusedUnreadMadeNothing) {
  for (const int status : {307, 400, 401, 403, 404, 413, 429}) {
    Rig rig;
    rig.request(Action::create);
    EXPECT_FALSE(rig.answer("", status).has_value());
    EXPECT_TRUE(rig.shell.gone()) << status;

    Rig later;
    later.pass(Action::create);
    later.request(Action::command);
    EXPECT_FALSE(later.answer("", status).has_value());
    EXPECT_FALSE(later.shell.has_command()) << status;
    EXPECT_FALSE(later.shell.gone()) << status;
  }
  Rig rig;
  rig.request(Action::create);
  EXPECT_FALSE(rig.answer("", 500).has_value());
  EXPECT_FALSE(rig.shell.gone()) << "that may come after the deed";
}

TEST(WsmanShell, AnAnswerWithoutARequestIsOurBug) {
  Rig rig;
  EXPECT_EQ(code_of(rig.answer(soap("uuid:1", ""))), "wsman.no_request");
}

TEST(WsmanShell, TheEnvelopeSizeFollowsTheServer) {
  Rig rig;
  rig.pass(Action::create);
  rig.shell.set_max_envelope(8192);
  EXPECT_LT(rig.shell.max_blob(), 8192U);
  rig.shell.set_max_envelope(kLargeEnvelope);
  EXPECT_EQ(rig.shell.max_blob(), 32'747U);
  EXPECT_THAT(rig.request(Action::receive).xml, HasSubstr(">512000<"));
}

#if !defined(NDEBUG)
TEST(WsmanShellDeathTest, NothingIsMadeTwice) {
  EXPECT_DEATH(
      {
        Rig rig;
        rig.request(Action::create);
        rig.shell.lost();
        rig.request(Action::create);
      },
      "second shell");
  EXPECT_DEATH(
      {
        Rig rig;
        rig.up_to(Action::send);
        rig.request(Action::command);
      },
      "last command");
  EXPECT_DEATH(
      {
        Rig rig;
        rig.pass(Action::create);
        rig.request(Action::receive);
        rig.request(Action::receive);
      },
      "one request");
}
#endif

}  // namespace
}  // namespace sfb::wsman
