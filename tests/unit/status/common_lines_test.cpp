// Lines that are alike are one, whatever pool they are of; those that are not never become one.
#include "agent/status/common_lines.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

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
  entry.request_id.clear();
  entry.changes.push_back({"module state changed", {}});
  const std::weak_ptr<const HistoryEntry> changed = common.of(entry);
  EXPECT_TRUE(changed.expired());
}

}  // namespace
}  // namespace sfb::status
