#include "agent/serve/page_timeline.hpp"

#include "agent/serve/page_words.hpp"
#include "tests/unit/serve/api_snapshots.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

namespace sfb::serve {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> words(const Lane& lane) {
  std::vector<std::string> words;
  for (const Segment& segment : lane.segments) {
    words.push_back(segment.word);
  }
  return words;
}

TEST(PageTimeline, StatesFollowEachOtherAndFailuresAreNotKnown) {
  const WallTime now = testing::api_moment().wall;
  const Timeline timeline = timeline_of(testing::api_history(), now, 1h);
  EXPECT_EQ(timeline.from, now - 10min);
  ASSERT_THAT(timeline.lanes, SizeIs(4));
  const Lane& lane = timeline.lanes[0];
  EXPECT_EQ(lane.module, "UserServices.PresenceFocus");
  EXPECT_EQ(lane.way, "export");
  EXPECT_THAT(words(lane), ElementsAre("FinalState", "ErrorState", ""));
  EXPECT_EQ(lane.segments[0].tone, "good");
  EXPECT_EQ(lane.segments[1].tone, "bad");
  EXPECT_EQ(lane.segments[2].tone, "unknown") << "what only a caller asked says nothing here";
  EXPECT_EQ(lane.segments[1].from, now - 8min);
  EXPECT_EQ(lane.segments[2].to, now);
}

TEST(PageTimeline, SegmentsFillTheDrawing) {
  const Timeline timeline = timeline_of(testing::api_history(), testing::api_moment().wall, 1h);
  for (const Lane& lane : timeline.lanes) {
    int at = 0;
    for (const Segment& segment : lane.segments) {
      EXPECT_EQ(segment.x, at);
      at += segment.width;
    }
    EXPECT_EQ(at, kTimelineWidth);
  }
}

TEST(PageTimeline, ShortFailureIsSeen) {
  const WallTime now = testing::api_moment().wall;
  std::vector<status::HistoryEntry> entries = testing::api_history();
  const WallTime long_ago = now - std::chrono::hours(24 * 30);
  entries.back().time = long_ago;
  const Timeline timeline = timeline_of(entries, now, 1h);
  for (const Segment& segment : timeline.lanes[0].segments) {
    EXPECT_GE(segment.width, 1);
    EXPECT_LE(segment.x + segment.width, kTimelineWidth);
  }
}

TEST(PageTimeline, NothingIsDrawnOfWhatIsForgotten) {
  const WallTime now = testing::api_moment().wall;
  std::vector<status::HistoryEntry> entries;
  for (std::size_t i = 0; i < status::kHistoryLimit; ++i) {
    status::HistoryEntry entry = testing::api_history().back();
    entry.ring = status::HistoryRing::good;
    entry.good = true;
    entry.time = now - std::chrono::minutes(2 * i);
    entries.push_back(entry);
  }
  status::HistoryEntry failed;
  failed.ring = status::HistoryRing::failed;
  failed.time = now - 24h;
  entries.push_back(failed);
  EXPECT_EQ(timeline_of(entries, now, 1h).from, now - 98min)
      << "before it good answers may have come that are gone";
}

/// Good answers of the schedule at these times.
std::vector<status::HistoryEntry> answered_at(std::initializer_list<WallTime> newest_first) {
  std::vector<status::HistoryEntry> entries;
  for (const WallTime time : newest_first) {
    status::HistoryEntry entry = testing::api_history().back();
    entry.time = entry.evaluated_at = time;
    entries.push_back(entry);
  }
  return entries;
}

TEST(PageTimeline, NothingIsKnownOfATimeWithoutEvaluations) {
  const WallTime midnight = parse_iso8601("2026-11-23T00:00:00Z").value();
  const auto entries = answered_at({midnight + 8h, midnight + 2min, midnight});
  const Lane lane = timeline_of(entries, midnight + 8h + 1min, 1h).lanes.at(0);
  ASSERT_THAT(words(lane), ElementsAre("FinalState", "", "FinalState"));
  EXPECT_EQ(lane.segments[0].to, midnight + 2min + 1h);
  EXPECT_EQ(lane.segments[1].from, midnight + 2min + 1h);
  EXPECT_EQ(lane.segments[1].to, midnight + 8h);
  EXPECT_EQ(lane.segments[1].tone, "unknown");
}

TEST(PageTimeline, NothingIsKnownSinceEvaluationsEnd) {
  const WallTime midnight = parse_iso8601("2026-11-23T00:00:00Z").value();
  const auto entries = answered_at({midnight});
  EXPECT_THAT(words(timeline_of(entries, midnight + 1h, 1h).lanes.at(0)),
              ElementsAre("FinalState"));
  const Lane lane = timeline_of(entries, midnight + 8h, 1h).lanes.at(0);
  ASSERT_THAT(words(lane), ElementsAre("FinalState", ""));
  EXPECT_EQ(lane.segments[1].from, midnight + 1h);
  EXPECT_EQ(lane.segments[1].to, midnight + 8h);
}

TEST(PageTimeline, AnswerCountsFromWhenItWasMade) {
  const WallTime midnight = parse_iso8601("2026-11-23T00:00:00Z").value();
  auto entries = answered_at({midnight});
  entries[0].evaluated_at = midnight - 50min;
  const Lane lane = timeline_of(entries, midnight + 1h, 1h).lanes.at(0);
  ASSERT_THAT(words(lane), ElementsAre("FinalState", ""));
  EXPECT_EQ(lane.segments[1].from, midnight + 10min);
  entries[0].evaluated_at = midnight - 2h;
  EXPECT_THAT(words(timeline_of(entries, midnight, 1h).lanes.at(0)), ElementsAre(""));
}

TEST(PageTimeline, IsEmptyWithoutAnswers) {
  EXPECT_THAT(timeline_of({}, testing::api_moment().wall, 1h).lanes, IsEmpty());
}

TEST(PageTimeline, TonesOfWords) {
  EXPECT_EQ(tone_of("finalstate"), "good");
  EXPECT_EQ(tone_of("NonSteadyState"), "bad");
  EXPECT_EQ(tone_of("NotInitialized"), "idle");
  EXPECT_EQ(tone_of("Halb"), "unknown");
}

TEST(PageWords, SpansHaveTwoUnits) {
  EXPECT_EQ(span_text(-1s), "0 s");
  EXPECT_EQ(span_text(59s), "59 s");
  EXPECT_EQ(span_text(119s), "1 min");
  EXPECT_EQ(span_text(2h), "2 h");
  EXPECT_EQ(span_text(3h + 5min), "3 h 5 min");
  EXPECT_EQ(span_text(50h), "2 d 2 h");
}

TEST(PageWords, TimesOfTodayHaveNoDate) {
  const WallTime now = parse_iso8601("2026-11-23T18:47:03.25Z").value();
  EXPECT_EQ(clock_text(now - 1h, now), "17:47:03");
  EXPECT_EQ(clock_text(now - 24h, now), "2026-11-22 18:47:03");
  EXPECT_EQ(ago_text(now - 2min, now), "2 min ago");
  EXPECT_EQ(ago_text(now + 30s, now), "in 30 s");
  EXPECT_EQ(ago_text(now, now), "just now");
}

TEST(PageWords, EachStandingHasAMarkAndWordsOfItsOwn) {
  for (const Standing one : kStandings) {
    for (const Standing other : kStandings) {
      EXPECT_EQ(mark_of(one) == mark_of(other), one == other);
      EXPECT_EQ(words_of(one) == words_of(other), one == other);
    }
  }
  EXPECT_NE(mark_of_health("unknown"), mark_of_health("good"));
  EXPECT_NE(mark_of_health("a word that nobody knows"), mark_of_health("good"));
}

}  // namespace
}  // namespace sfb::serve
