// Rules that keep a session out of trouble: what is given up, how often something is tried, which
// request carries what.
#include "tests/unit/remote/winrm/session_drive.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace sfb::remote::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using wsman::Action;

std::string code_of(const Result<PipelineResult>& result) {
  return result ? "good" : result.error().code;
}

auto count_of(const SessionDrive& drive, Action action) {
  return std::ranges::count(drive.actions, action);
}

// A pool that opens without its SESSION_CAPABILITY would be spoken to in a version it does not
// know. Without the private data only the server's PowerShell version is not known.
TEST(WinrmRules, ALostReplyOfTheOpeningCostsTheRunOnlyWhereItMustBeKnown) {
  for (int at = 2; at <= 4; ++at) {
    SessionDrive drive;
    drive.server.knobs.version = "2.1";
    drive.server.knobs.cut = 100'000;  // one message in each reply
    drive.trouble = Trouble::reply_lost;
    drive.trouble_at = at;
    // Behind the last one nothing comes.
    EXPECT_EQ(code_of(drive.ask()), at == 2   ? "psrp.capability"
                                    : at == 3 ? "good"
                                              : "winrm.timeout")
        << at;
    drive.close();
    EXPECT_EQ(drive.server.shells(), 0);
  }
}

// As where base64 was cut: the server is not slow, and more time would not help.
TEST(WinrmRules, AnObjectWhoseEndDoesNotComeIsNoLoadOfTheServer) {
  for (const bool loses_end : {false, true}) {
    SessionDrive drive;
    drive.server.knobs.never_ends = true;
    drive.server.knobs.extras = false;  // nothing follows the object
    drive.server.knobs.loses_end = loses_end;
    const auto result = drive.ask();
    EXPECT_EQ(code_of(result), "winrm.timeout");
    EXPECT_THAT(result.error().message, HasSubstr(loses_end ? "the end of an object did not come"
                                                            : "the cmdlet did not end"));
    EXPECT_EQ(result.error().remedy.contains("evaluation_timeout"), !loses_end)
        << result.error().remedy;
  }
}

TEST(WinrmRules, LargeEnvelopesAreForServersThatKnowThem) {
  for (const auto& [version, later] :
       {std::pair{"2.1", "153600"}, {"2.2", "512000"}, {"2.3", "512000"}, {"2.9", "512000"}}) {
    SessionDrive drive;
    drive.server.knobs.version = version;
    ASSERT_TRUE(drive.ask());
    EXPECT_THAT(drive.server.sizes,
                ElementsAre("Create 153600", "Receive 153600", fmt::format("Command {}", later),
                            fmt::format("Receive {}", later), fmt::format("Signal {}", later)))
        << version;
  }
}

TEST(WinrmRules, AReceiveIsPostedAgainThreeTimesARun) {
  constexpr int kPosts = 5;  // Create, Receive, Command, Receive, Signal
  for (const int receive : {2, 4}) {
    for (const int lost : {WinrmSession::kReposts, WinrmSession::kReposts + 1}) {
      SessionDrive drive;
      drive.trouble = Trouble::request_lost;
      drive.trouble_at = receive;
      drive.trouble_times = lost;
      const bool enough = lost == WinrmSession::kReposts;
      EXPECT_EQ(code_of(drive.ask()), enough ? "good" : "http.closed");
      EXPECT_EQ(drive.posts, WinrmSession::kReposts + (enough ? kPosts : receive));
    }
  }
}

TEST(WinrmRules, APromptOfTheOpeningPoolIsRefused) {
  SessionDrive drive;
  drive.server.knobs.opening_call = true;
  ASSERT_TRUE(drive.ask());
  EXPECT_EQ(drive.server.pool_answers, 1);
  EXPECT_THAT(drive.server.violations, IsEmpty());
}

TEST(WinrmRules, ALongPipelineTravelsInPieces) {
  const std::string script(20'000, '#');
  SessionDrive drive({.limits = {.envelope = 8192}, .script = script});
  ASSERT_TRUE(drive.ask());
  EXPECT_GT(count_of(drive, Action::send), 3);
  EXPECT_THAT(drive.server.scripts, ElementsAre(script));
  EXPECT_THAT(drive.server.violations, IsEmpty());
}

TEST(WinrmRules, NobodyAnswersAPipelineThatEnded) {
  SessionDrive drive;
  drive.server.knobs.call_at_end = true;
  ASSERT_TRUE(drive.ask());
  EXPECT_EQ(drive.server.refusals, 0);
  EXPECT_EQ(count_of(drive, Action::send), 0);
}

TEST(WinrmRules, AnAnswerThatDoesNotFitIsTold) {
  for (const auto& [trouble, out_of_step] : {std::pair{Trouble::foreign, true},
                                             {Trouble::unreadable, true},
                                             {Trouble::garbage, false}}) {
    for (const bool clearing : {false, true}) {
      SessionDrive drive;
      ASSERT_TRUE(drive.ask());
      EXPECT_FALSE(drive.session.out_of_step());
      drive.server.knobs.never_ends = clearing;
      if (clearing) {
        ASSERT_FALSE(drive.ask());
      }
      drive.trouble = trouble;
      drive.trouble_at = drive.posts + 1;
      if (clearing) {
        drive.trouble_times = 2;  // the stop and the Terminate
        drive.clear();
      } else {
        EXPECT_FALSE(drive.ask());
      }
      EXPECT_EQ(drive.session.out_of_step(), out_of_step) << static_cast<int>(trouble);
      drive.close();
      EXPECT_FALSE(drive.session.out_of_step());
    }
  }
}

TEST(WinrmRules, AShellWhoseRunWasGivenUpIsNotUsedAgain) {
  SessionDrive drive;
  drive.server.knobs.output = {"<broken"};
  EXPECT_EQ(code_of(drive.ask()), "clixml.syntax");
  EXPECT_TRUE(drive.session.needs_clearing());
  drive.clear();
  EXPECT_EQ(count_of(drive, Action::signal), 1) << "no stop that is listened to";
  EXPECT_EQ(drive.server.commands(), 0);
  EXPECT_FALSE(drive.session.reusable());
  SessionDrive refused;
  ASSERT_TRUE(refused.ask());
  refused.server.fault_next("Command", 2150859174, "QuotaLimit");
  EXPECT_EQ(code_of(refused.ask()), "wsman.quota_operations");
  EXPECT_FALSE(refused.session.needs_clearing());
  EXPECT_FALSE(refused.session.reusable());
}

TEST(WinrmRules, HalfAMessageOfThePoolIsHeld) {
  SessionDrive drive;
  EXPECT_EQ(drive.session.held(), 0);
  drive.server.knobs.cut = 150;
  drive.trouble = Trouble::timed_out;
  drive.trouble_at = 3;
  ASSERT_FALSE(drive.ask());
  EXPECT_EQ(drive.session.held(), 150);
}

TEST(WinrmRules, ACommandThatCouldNotBeEndedAtOnceSpoilsItsShell) {
  SessionDrive drive;
  drive.server.knobs.never_ends = true;
  ASSERT_FALSE(drive.ask());
  drive.trouble = Trouble::reply_lost;
  drive.trouble_at = drive.posts + 3;  // stop, Receive, Terminate
  drive.clear();
  EXPECT_TRUE(drive.session.needs_clearing());
  drive.clear();
  EXPECT_FALSE(drive.session.needs_clearing());
  EXPECT_FALSE(drive.session.reusable());
}

TEST(WinrmRules, AShellThatIsGoneAgainIsNotOpenedAThirdTime) {
  SessionDrive drive;
  ASSERT_TRUE(drive.ask());
  drive.server.fault_next("Command", 2150858843, "InvalidSelectors", 1000);
  EXPECT_EQ(code_of(drive.ask()), "wsman.shell_gone");
  EXPECT_EQ(drive.server.creates, 2);
}

// Nothing was executed, and another front end may be there: the run begins anew.
TEST(WinrmRules, ACommandThatNeverWentOutIsGivenToAnotherFrontEnd) {
  for (const bool elsewhere : {true, false}) {
    SessionDrive drive({.elsewhere = elsewhere});
    ASSERT_TRUE(drive.ask());
    drive.trouble = Trouble::not_sent;
    drive.trouble_at = drive.posts + 1;
    EXPECT_EQ(code_of(drive.ask()), elsewhere ? "good" : "connect.refused");
    EXPECT_EQ(drive.server.creates, elsewhere ? 2 : 1);
    // What was sent may have been executed.
    drive.trouble = Trouble::reply_lost;
    drive.trouble_at = drive.posts + 1;
    if (elsewhere) {
      EXPECT_EQ(code_of(drive.ask()), "winrm.lost");
    }
  }
}

// Create went to one server, and what followed to another.
TEST(WinrmRules, AShellThatIsGoneAtOnceNamesTheLoadBalancer) {
  SessionDrive drive;
  drive.server.fault_next("Receive", 2150858843, "InvalidSelectors");
  const auto result = drive.ask();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "wsman.shell_gone");
  EXPECT_EQ(result.error().reason, Reason::not_found);
  EXPECT_EQ(result.error().stage, Stage::open);
  EXPECT_THAT(result.error().remedy, HasSubstr("load balancer"));
  EXPECT_EQ(drive.server.pipelines, 0);
}

TEST(WinrmRules, EnvelopesGrowNoFurtherThanTheLimit) {
  SessionDrive drive({.limits = {.envelope = 100'000}});
  ASSERT_TRUE(drive.ask());
  for (const std::string& size : drive.server.sizes) {
    EXPECT_THAT(size, HasSubstr(" 100000"));
  }
}

class Watcher : public Observer {
 public:
  explicit Watcher(bool wire) : wire_(wire) {}
  void stage(const StageTime& /*time*/) override {}
  void fact(std::string_view /*name*/, std::string_view /*value*/) override {}
  bool wants_wire() const override { return wire_; }
  void wire(std::string_view direction, std::string_view text) override {
    directions += direction;
    texts += text;
  }

  std::string directions;
  std::string texts;

 private:
  bool wire_;
};

TEST(WinrmRules, WhatGoesOutIsShownByWhoSendsIt) {
  Watcher watcher(true);
  const std::string script(20'000, '#');
  SessionDrive drive({.limits = {.envelope = 8192}, .script = script, .observer = &watcher});
  drive.server.knobs.opening_call = true;
  drive.server.knobs.host_call = true;
  ASSERT_TRUE(drive.ask());
  drive.close();
  EXPECT_THAT(drive.messages,
              ElementsAre("Create SESSION_CAPABILITY", "Create INIT_RUNSPACEPOOL",
                          "Send RUNSPACEPOOL_HOST_RESPONSE", "Command CREATE_PIPELINE",
                          "Send PIPELINE_HOST_RESPONSE"));
  EXPECT_THAT(watcher.directions, Not(HasSubstr(">")));
  EXPECT_THAT(watcher.texts, HasSubstr("PIPELINE_HOST_CALL"));
  EXPECT_THAT(watcher.texts, HasSubstr("ReceiveResponse"));
  Watcher blind(false);
  SessionDrive quiet({.observer = &blind});
  ASSERT_TRUE(quiet.ask());
  EXPECT_THAT(quiet.messages, IsEmpty());
  EXPECT_EQ(blind.texts, "");
}

}  // namespace
}  // namespace sfb::remote::testing
