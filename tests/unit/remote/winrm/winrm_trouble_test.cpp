// A failure at every step, in both directions of every message, under every kind of server: the run
// ends with an answer or a reason, and nothing is left on the server.
#include "tests/unit/remote/winrm/session_drive.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <utility>

namespace sfb::remote::testing {
namespace {

constexpr std::array kTroubles = {
    Trouble::request_lost, Trouble::reply_lost, Trouble::not_sent,
    Trouble::timed_out,    Trouble::garbage,    Trouble::foreign,
    Trouble::unreadable,   Trouble::empty_500,  Trouble::unauthorized};

const std::array<std::pair<const char*, std::function<void(FakeKnobs&)>>, 9> kServers = {{
    {"plain", [](FakeKnobs&) {}},
    {"no scripts", [](FakeKnobs& k) { k.scripts = false; }},
    {"own ids", [](FakeKnobs& k) { k.echo_ids = false; }},
    {"host call", [](FakeKnobs& k) { k.host_call = true; }},
    {"done later", [](FakeKnobs& k) { k.done_with_state = false; }},
    {"small replies",
     [](FakeKnobs& k) {
       k.cut = 150;
       k.done_with_state = false;
     }},
    {"quiet", [](FakeKnobs& k) { k.quiet_first = true; }},
    {"never ends", [](FakeKnobs& k) { k.never_ends = true; }},
    {"old", [](FakeKnobs& k) { k.version = "2.1"; }},
}};

// What an endpoint does with a session after a run.
void tidy(SessionDrive& drive) {
  if (drive.session.needs_clearing()) {
    drive.clear();
  }
  if (!drive.session.reusable()) {
    drive.close();
  }
}

TEST(WinrmTrouble, AtEveryStepOfEveryServer) {
  int cases = 0;
  for (const auto& [name, set] : kServers) {
    for (const Trouble trouble : kTroubles) {
      // One step more than the longest run, until the trouble comes no more.
      for (int at = 1;; ++at) {
        SCOPED_TRACE(fmt::format("{}, trouble {} at post {}", name, static_cast<int>(trouble), at));
        SessionDrive drive;
        set(drive.server.knobs);
        drive.trouble = trouble;
        drive.trouble_at = at;
        const auto first = drive.ask();
        if (first) {
          EXPECT_EQ(first->output.size(), 1);
          EXPECT_EQ(first->extras.has_value(), drive.server.knobs.scripts);
          EXPECT_EQ(first->ps_version, drive.server.knobs.ps_version);
          EXPECT_EQ(first->state, PipelineState::completed);
        } else {
          EXPECT_NE(first.error().stage, Stage::none) << first.error().code;
          EXPECT_NE(first.error().reason, Reason::internal) << first.error().code;
          EXPECT_NE(first.error().code, "drive.endless");
          EXPECT_NE(first.error().code, "wsman.no_request");
        }
        tidy(drive);
        EXPECT_LE(drive.server.creates, 2);
        EXPECT_EQ(drive.server.commands(), 0);
        // Nobody can name a shell whose own id was in the reply to Create that got lost: WinRM 2.0
        // clears it after IdleTimeOut.
        const bool nameless = !drive.server.knobs.echo_ids && at == 1 &&
                              drive.server.shells() == 1 && !drive.session.reusable();
        if (nameless) {
          drive.server.restart();
        }
        EXPECT_EQ(drive.server.shells(), drive.session.reusable() ? 1 : 0);
        // The next run is as good as if nothing had been.
        const bool came = drive.posts >= at;
        drive.trouble_at = 0;
        const auto second = drive.ask();
        EXPECT_EQ(second.has_value(), !drive.server.knobs.never_ends)
            << (second ? "" : describe(second.error()));
        tidy(drive);
        drive.close();
        EXPECT_EQ(drive.server.shells(), 0);
        EXPECT_EQ(drive.server.commands(), 0);
        EXPECT_THAT(drive.server.violations, ::testing::IsEmpty());
        ++cases;
        if (!came || ::testing::Test::HasFailure()) {
          break;
        }
      }
      if (::testing::Test::HasFailure()) {
        return;
      }
    }
  }
  EXPECT_GT(cases, 500);
}

TEST(WinrmTrouble, WhileClearing) {
  for (const Trouble trouble : kTroubles) {
    for (int at = 1; at < 8; ++at) {
      SCOPED_TRACE(fmt::format("trouble {} at post {}", static_cast<int>(trouble), at));
      SessionDrive drive;
      drive.server.knobs.never_ends = true;
      ASSERT_FALSE(drive.ask());
      drive.posts = 0;
      drive.trouble = trouble;
      drive.trouble_at = at;
      drive.clear();
      // What could not be cleared is deleted, and Delete comes with a new connection.
      drive.trouble_at = 0;
      if (!drive.session.reusable()) {
        drive.close();
      }
      EXPECT_EQ(drive.server.commands(), 0);
      EXPECT_EQ(drive.server.shells(), drive.session.reusable() ? 1 : 0);
    }
  }
}

TEST(WinrmTrouble, CreateAndCommandAreNeverPostedTwice) {
  for (const Trouble trouble : {Trouble::request_lost, Trouble::reply_lost, Trouble::timed_out}) {
    SessionDrive create;
    create.trouble = trouble;
    create.trouble_at = 1;
    EXPECT_FALSE(create.ask());
    EXPECT_EQ(create.posts, 1);
    SessionDrive command;
    ASSERT_TRUE(command.ask());
    command.trouble = trouble;
    command.trouble_at = command.posts + 1;
    const auto lost = command.ask();
    ASSERT_FALSE(lost);
    EXPECT_EQ(command.posts, command.trouble_at);
    EXPECT_TRUE(command.session.needs_clearing());
    EXPECT_EQ(lost.error().code, trouble == Trouble::timed_out ? "http.timeout" : "winrm.lost");
  }
}

// Pieces of objects, or whole objects: without its output a run would look good and empty.
class WinrmLoss : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(Scripts, WinrmLoss, ::testing::Bool());

TEST_P(WinrmLoss, ALostReplyWithOutputInItMakesNoHalfAnswer) {
  int doubts = 0;
  for (const std::size_t cut : {std::size_t{150}, std::size_t{100'000}}) {
    for (const bool done_with_state : {true, false}) {
      const auto make = [&] {
        auto drive = std::make_unique<SessionDrive>();
        drive->server.knobs.scripts = GetParam();
        drive->server.knobs.cut = cut;
        drive->server.knobs.done_with_state = done_with_state;
        return drive;
      };
      const auto drive = make();
      ASSERT_TRUE(drive->ask());
      const int before = drive->posts;
      ASSERT_TRUE(drive->ask());
      const int length = drive->posts - before;
      for (int at = 2; at < length; ++at) {  // every Receive of a warm run
        SCOPED_TRACE(::testing::Message() << cut << ' ' << done_with_state << ' ' << at);
        const auto lossy = make();
        ASSERT_TRUE(lossy->ask());
        lossy->trouble = Trouble::reply_lost;
        lossy->trouble_at = lossy->posts + at;
        const auto result = lossy->ask();
        EXPECT_EQ(lossy->server.creates, 1) << "what ran is not run again";
        if (result) {  // the cmdlet alone, and a whole object is missing
          EXPECT_FALSE(GetParam());
          EXPECT_FALSE(result->doubt.empty());
          EXPECT_TRUE(result->output.empty());
          ++doubts;
        } else {
          EXPECT_THAT(result.error().code,
                      ::testing::AnyOf(::testing::StartsWith("psrp."), "winrm.no_state",
                                       "winrm.lost", ::testing::StartsWith("winrm.extras_")));
          EXPECT_FALSE(lossy->session.reusable());
        }
      }
    }
  }
  EXPECT_EQ(doubts > 0, !GetParam());
}

}  // namespace
}  // namespace sfb::remote::testing
