// Lines that are alike are one, whatever pool they are of; those that are not never become one.
#include "agent/status/common_lines.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace sfb::status {
namespace {

HistoryStates states_of(const std::string& word) {
  return {{"A.B", word, "NormalState"}, {"C.D", "FinalState", word}};
}

HistoryEntry entry_of(CommonLines& common, const std::string& word) {
  HistoryEntry entry;
  entry.good = true;
  entry.code = "file.read";
  entry.states = common.of(states_of(word));
  return entry;
}

TEST(CommonLines, WhatIsAlikeIsOne) {
  CommonLines common;
  EXPECT_EQ(common.of(states_of("FinalState")), common.of(states_of("FinalState")));
  EXPECT_EQ(common.of(entry_of(common, "FinalState")), common.of(entry_of(common, "FinalState")));
}

TEST(CommonLines, EveryMemberCounts) {
  CommonLines common;
  const auto first = common.of(entry_of(common, "FinalState"));
  HistoryEntry other = *first;
  other.trigger = Trigger::query;
  const auto second = common.of(other);
  EXPECT_NE(first, second);
  EXPECT_EQ(second->trigger, Trigger::query);
  EXPECT_EQ(first->trigger, Trigger::schedule);
}

TEST(CommonLines, AnyNumberOfOthersChangesNothing) {
  CommonLines common;
  for (int i = 0; i < 5000; ++i) {
    const std::string word = fmt::format("State{}", i);
    const auto states = common.of(states_of(word));
    ASSERT_EQ(*states, states_of(word));
    const auto entry = common.of(entry_of(common, word));
    ASSERT_EQ(*entry->states, states_of(word));
  }
}

TEST(CommonLines, WhatWasAskedByNameIsNotKept) {
  CommonLines common;
  HistoryEntry entry;
  entry.request_id = "night-1";
  const std::weak_ptr<const HistoryEntry> asked = common.of(entry);
  EXPECT_TRUE(asked.expired());
}

TEST(CommonLines, ManyChangesAtOnceAreNotKept) {
  CommonLines common;
  HistoryEntry entry;
  entry.changes.resize(CommonLines::kMostChanges + 1);
  const std::weak_ptr<const HistoryEntry> rare = common.of(entry);
  EXPECT_TRUE(rare.expired());
}

TEST(CommonLines, PoolsThatGoFromStateToStateHaveTheSameLines) {
  CommonLines common;
  const auto first =
      common.of(HistoryEntry());  // without states: where they stand decides about the place
  const auto changed = [&](const std::string& from) {
    HistoryEntry entry;
    entry.changes = {{"module state changed", {{"module", "A.B"}, {"from", from}}}};
    return common.of(std::move(entry));
  };
  const auto steady = changed("SteadyState");
  const auto error = changed("ErrorState");
  EXPECT_EQ(steady->changes[0].fields[1].second, "SteadyState");
  EXPECT_EQ(error->changes[0].fields[1].second, "ErrorState");
  EXPECT_EQ(changed("SteadyState"), steady);
  EXPECT_EQ(changed("ErrorState"), error);
  EXPECT_EQ(common.of(HistoryEntry()), first) << "none pushed out another";
}

}  // namespace
}  // namespace sfb::status
