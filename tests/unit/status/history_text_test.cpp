#include "agent/status/history_text.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace sfb::status {
namespace {

using namespace std::chrono_literals;

HistoryEntry entry() {
  return {.ring = HistoryRing::failed,
          .id = 812,
          .time = WallTime(Micros(1'700'000'000'000'001)),
          .evaluated_at = WallTime(Micros(1'700'000'000'000'002)),
          .trigger = Trigger::query,
          .question = "-Category CMS",
          .duration = 1800ms,
          .good = false,
          .skipped = true,
          .reason = "auth",
          .code = "auth.clock_skew",
          .stage = "auth",
          .message = "two\nlines\tand a tab",
          .remedy = "set the clock",
          .request_id = "r-1",
          .front_end = "https://fe-2:5986/wsman",
          .states = std::make_shared<const HistoryStates>(
              HistoryStates{{"A.B", "FinalState", "NormalState"}, {"C", "Halb\tgar", ""}}),
          .changes = {{"module state changed", {{"module", "A.B"}, {"to", "FinalState"}}},
                      {"module gone", {}}},
          .errors = {"one", "two\nlines"}};
}

TEST(HistoryText, EveryMemberComesBack) {
  const auto read = read_history_entry(write_history_entry(entry()));
  ASSERT_TRUE(read.has_value());
  const HistoryEntry wanted = entry();
  EXPECT_EQ(read->ring, HistoryRing::good) << "the ring is no part of the text";
  EXPECT_EQ(read->id, wanted.id);
  EXPECT_EQ(read->time, wanted.time);
  EXPECT_EQ(read->evaluated_at, wanted.evaluated_at);
  EXPECT_EQ(read->trigger, wanted.trigger);
  EXPECT_EQ(read->question, wanted.question);
  EXPECT_EQ(read->duration, wanted.duration);
  EXPECT_EQ(read->good, wanted.good);
  EXPECT_EQ(read->skipped, wanted.skipped);
  EXPECT_EQ(read->reason, wanted.reason);
  EXPECT_EQ(read->code, wanted.code);
  EXPECT_EQ(read->stage, wanted.stage);
  EXPECT_EQ(read->message, wanted.message);
  EXPECT_EQ(read->remedy, wanted.remedy);
  EXPECT_EQ(read->request_id, wanted.request_id);
  EXPECT_EQ(read->front_end, wanted.front_end);
  ASSERT_NE(read->states, nullptr);
  EXPECT_EQ(*read->states, *wanted.states);
  EXPECT_EQ(read->changes, wanted.changes);
  EXPECT_EQ(read->errors, wanted.errors);
}

TEST(HistoryText, LinesOfANewerBuildAreLeftOut) {
  const auto read = read_history_entry(write_history_entry(entry()) + "colour\tblue\n");
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->id, 812U);
}

TEST(HistoryText, DamageGivesNothing) {
  const std::string good = write_history_entry(entry());
  EXPECT_FALSE(read_history_entry("").has_value());
  EXPECT_FALSE(read_history_entry(good.substr(1)).has_value());
  EXPECT_FALSE(read_history_entry(good.substr(0, good.size() - 1)).has_value());
  EXPECT_FALSE(read_history_entry(good + "trigger\tfate\n").has_value());
  EXPECT_FALSE(read_history_entry(good + "duration\t-1\n").has_value());
  EXPECT_FALSE(read_history_entry(good + "time\tnever\n").has_value());
}

}  // namespace
}  // namespace sfb::status
