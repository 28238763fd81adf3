// The history: its rings, one order, bounded texts.
#include "agent/status/history.hpp"

#include "agent/status/common_lines.hpp"
#include "tests/unit/status/evaluations.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace sfb::status {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using namespace sfb::status::testing;  // NOLINT: builders

std::vector<std::uint64_t> ids(const History& history) {
  std::vector<std::uint64_t> out;
  for (const HistoryEntry& entry : history.newest_first()) {
    out.push_back(entry.id);
  }
  return out;
}

std::shared_ptr<CommonLines> common() {
  return std::make_shared<CommonLines>();
}

TEST(History, NewestFirstByNumberEvenWhenTheWallClockWentBack) {
  FakeClock clock;
  History history(common());
  for (std::uint64_t id = 1; id <= 4; ++id) {
    auto evaluation = id % 2 == 0 ? failed(clock.now(), Reason::dns) : good(clock.now(), {});
    evaluation->id = id;
    history.add(*evaluation, true);
    clock.advance(1s);
    clock.set_wall_back(1h);
  }
  EXPECT_THAT(ids(history), ElementsAre(4, 3, 2, 1));
}

TEST(History, SuccessesDoNotPushFailuresOut) {
  const FakeClock clock;
  History history(common(), 3);
  for (std::uint64_t id = 1; id <= 20; ++id) {
    auto evaluation = id == 2 ? failed(clock.now(), Reason::dns) : good(clock.now(), {});
    evaluation->id = id;
    history.add(*evaluation, true);
  }
  EXPECT_THAT(ids(history), ElementsAre(20, 19, 18, 2));
}

TEST(History, FailuresAreBoundedToo) {
  const FakeClock clock;
  History history(common(), 2);
  for (std::uint64_t id = 1; id <= 9; ++id) {
    auto evaluation = failed(clock.now(), Reason::dns);
    evaluation->id = id;
    history.add(*evaluation, true);
  }
  EXPECT_THAT(ids(history), ElementsAre(9, 8));
}

// Whoever asks often must not make the evaluations of the schedule invisible.
TEST(History, WhatCallersAskPushesOutNothingOfTheSchedule) {
  const FakeClock clock;
  History history(common(), 2);
  for (std::uint64_t id = 1; id <= 40; ++id) {
    auto evaluation = id % 2 == 0 ? failed(clock.now(), Reason::dns) : good(clock.now(), {});
    evaluation->id = id;
    history.add(*evaluation, id <= 4);
  }
  EXPECT_THAT(ids(history), ElementsAre(40, 39, 38, 37, 4, 3, 2, 1));
}

TEST(History, AFailureTellsEverything) {
  const FakeClock clock;
  auto evaluation = failed(clock.now(), Reason::auth);
  evaluation->error->peer = "no\x1b way";
  evaluation->trigger = Trigger::query;
  evaluation->request_id = "r1";
  evaluation->question.arguments = {{"Category", "CMS"}};
  History history(common());
  history.add(*evaluation, true);
  const HistoryEntry entry = history.newest_first().at(0);
  EXPECT_FALSE(entry.good);
  EXPECT_EQ(entry.reason, "auth");
  EXPECT_EQ(entry.code, "test.failure");
  EXPECT_EQ(entry.stage, "query");
  EXPECT_EQ(entry.remedy, "repair it");
  EXPECT_EQ(entry.request_id, "r1");
  EXPECT_EQ(entry.question, "-Category CMS");
  EXPECT_EQ(entry.trigger, Trigger::query);
  EXPECT_EQ(entry.duration, 250ms);
  EXPECT_EQ(entry.time, clock.now().wall);
  EXPECT_EQ(entry.message.find('\x1b'), std::string::npos) << entry.message;
}

TEST(History, TheRemedyStandsBesideTheMessageOnly) {
  const FakeClock clock;
  auto evaluation = failed(clock.now(), Reason::throttled);
  evaluation->error->message = "the server is full";
  evaluation->error->peer = "a quota";
  evaluation->error->remedy = std::string(600, 'r');
  History history(common());
  history.add(*evaluation, true);
  history.skip(7, evaluation->question, *evaluation->error, clock.now().wall);
  for (const HistoryEntry& entry : history.newest_first()) {
    EXPECT_EQ(entry.message, "the server is full: \"a quota\"");
    EXPECT_EQ(entry.remedy, std::string(600, 'r'));
  }
}

TEST(History, LongMessagesAreCutBetweenCharacters) {
  const FakeClock clock;
  auto evaluation = failed(clock.now(), Reason::auth);
  evaluation->error->message = std::string(499, 'x') + "\xc3\xa4" + std::string(600, 'y');
  History history(common());
  history.add(*evaluation, true);
  EXPECT_EQ(history.newest_first().at(0).message, std::string(499, 'x'));
}

TEST(History, AGoodAnswerTellsUnknownWordsNotesAndItsCode) {
  const FakeClock clock;
  auto evaluation =
      good(clock.now(),
           {module("A.B", collectors::ExportState::unknown, collectors::ImportState::unknown)});
  status_of(*evaluation).modules[0].export_word = "Frob";
  status_of(*evaluation).modules[0].import_word = "Nicate";
  status_of(*evaluation).overall_export = collectors::ExportState::unknown;
  status_of(*evaluation).overall_export_word = "Over";
  status_of(*evaluation).overall_import = collectors::ImportState::unknown;
  status_of(*evaluation).overall_import_word = "Under";
  status_of(*evaluation).notes = {"something odd"};
  evaluation->note = {.code = "file.clock_skew", .message = "it is ahead", .remedy = "set it"};
  History history(common());
  history.add(*evaluation, true);
  const HistoryEntry entry = history.newest_first().at(0);
  EXPECT_TRUE(entry.good);
  EXPECT_EQ(entry.reason, "");
  EXPECT_EQ(entry.code, "file.clock_skew");
  EXPECT_TRUE(entry.message.starts_with("it is ahead; ")) << entry.message;
  EXPECT_EQ(entry.remedy, "set it");
  for (const char* part : {"\"Frob\" of A.B export", "\"Nicate\" of A.B import", "\"Over\"",
                           "\"Under\"", "something odd"}) {
    EXPECT_THAT(entry.message, HasSubstr(part));
  }
  History plain(common());
  plain.add(*good(clock.now(), {module("A.B", collectors::ExportState::final_state)}), true);
  EXPECT_EQ(plain.newest_first().at(0).message, "");
}

TEST(History, TellsTheModulesAndWhatChanged) {
  FakeClock clock;
  History history(common());
  using collectors::ExportState;
  const auto first = good(clock.now(), {module("A.B", ExportState::final_state)});
  const auto second = good(clock.now(), {module("A.B", ExportState::final_state)});
  const auto third = good(clock.now(), {module("A.B", ExportState::error_state)});
  EXPECT_TRUE(history.add(*first, true).changes.empty()) << "the first answer changes nothing";
  const auto states = history.newest_first().front().states;
  ASSERT_NE(states, nullptr);
  EXPECT_EQ(states->front().exported, "FinalState");
  EXPECT_EQ(history.add(*second, true, first.get()).states, states) << "shared while it is equal";
  const HistoryEntry changed = history.add(*third, true, second.get());
  EXPECT_EQ(changed.states->front().exported, "ErrorState");
  ASSERT_EQ(changed.changes.size(), 1U);
  EXPECT_EQ(changed.changes[0].event, "module state changed");
  EXPECT_EQ(changed.changes[0].fields.back().second, "ErrorState");
}

TEST(History, EntriesThatAreAlikeComeBackEachWithItsOwnNumberAndTimes) {
  FakeClock clock;
  History history(common());
  std::vector<HistoryEntry> told;
  for (std::uint64_t id = 1; id <= 6; ++id) {
    clock.advance(1min);
    auto evaluation = good(clock.now(), {module("A.B", collectors::ExportState::final_state)});
    evaluation->id = id;
    evaluation->duration = std::chrono::milliseconds(id);
    evaluation->request_id = id == 3 ? "asked" : "";
    told.push_back(history.add(*evaluation, true));
  }
  std::ranges::reverse(told);
  EXPECT_EQ(history.newest_first(), told);
  EXPECT_EQ(told.at(3).request_id, "asked");
  EXPECT_EQ(told.at(3).duration, 3ms);
  EXPECT_NE(told.at(4).time, told.at(5).time);
}

TEST(History, WhatComesBackFromTheStateSharesItsStatesAgain) {
  const FakeClock clock;
  History history(common());
  std::uint64_t id = 0;
  for (const auto state :
       {collectors::ExportState::final_state, collectors::ExportState::final_state,
        collectors::ExportState::error_state}) {
    const auto evaluation = good(clock.now(), {module("A.B", state)});
    evaluation->id = ++id;
    history.add(*evaluation, true);
  }
  std::vector<HistoryEntry> read = history.newest_first();
  for (HistoryEntry& entry : read) {
    entry.states = std::make_shared<const HistoryStates>(*entry.states);
  }
  History restored(common());
  restored.restore(std::move(read));
  const auto entries = restored.newest_first();
  ASSERT_EQ(entries.size(), 3U);
  std::vector<std::string> words;
  for (const HistoryEntry& entry : entries) {
    words.push_back(entry.states->front().exported);
  }
  EXPECT_THAT(words, UnorderedElementsAre("ErrorState", "FinalState", "FinalState"));
  std::set<const HistoryStates*> different;
  for (const HistoryEntry& entry : entries) {
    different.insert(entry.states.get());
  }
  EXPECT_EQ(different.size(), 2U);
}

// States of one pool stay one, whatever those of others push out of what all have in common.
TEST(History, AnotherPoolsStatesMakeNoneAnew) {
  const FakeClock clock;
  const auto both = common();
  const auto say = [&](History& history, std::string word) {
    const auto answer = good(clock.now(), {});
    status_of(*answer).modules = {module("A.B", collectors::ExportState::final_state)};
    status_of(*answer).modules.front().export_word = std::move(word);
    return history.add(*answer, true).states;
  };
  History one(both);
  const auto first = say(one, "FinalState");
  for (int i = 0; i < 2000; ++i) {  // any place of the table
    History other(both);
    say(other, fmt::format("State{}", i));
    ASSERT_EQ(say(one, "FinalState"), first);
  }
}

}  // namespace
}  // namespace sfb::status
