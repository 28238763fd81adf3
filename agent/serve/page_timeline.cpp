#include "agent/serve/page_timeline.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <ranges>
#include <utility>

namespace sfb::serve {
namespace {

using status::HistoryEntry;
using status::HistoryRing;

bool of_schedule(const HistoryEntry& entry) {
  return entry.ring != HistoryRing::asked_good && entry.ring != HistoryRing::asked_failed;
}

/// A full ring has forgotten what was before its oldest entry.
WallTime first_moment(const std::vector<HistoryEntry>& entries, WallTime now) {
  WallTime first = now;
  WallTime forgotten = WallTime::min();
  for (const HistoryRing ring : {HistoryRing::good, HistoryRing::failed, HistoryRing::skipped}) {
    WallTime oldest = now;
    std::size_t count = 0;
    for (const HistoryEntry& entry : entries) {
      if (entry.ring == ring) {
        oldest = std::min(oldest, entry.time);
        ++count;
      }
    }
    first = std::min(first, oldest);
    if (count >= status::kHistoryLimit) {
      forgotten = std::max(forgotten, oldest);
    }
  }
  return std::max(first, forgotten);
}

/// The word of one direction of one module; empty where the entry does not tell.
std::string word_in(const HistoryEntry& entry, const Lane& lane) {
  if (!entry.good || !entry.states) {
    return {};
  }
  const auto found = std::ranges::find_if(
      *entry.states, [&](const auto& module) { return iequals(module.identity, lane.module); });
  if (found == entry.states->end()) {
    return {};
  }
  return lane.way == "export" ? found->exported : found->imported;
}

void extend(Lane& lane, std::string word, WallTime from, WallTime to) {
  if (!lane.segments.empty() && lane.segments.back().word == word) {
    lane.segments.back().to = to;
    return;
  }
  std::string tone(word.empty() ? "unknown" : tone_of(word));
  lane.segments.push_back(
      {.from = from, .to = to, .word = std::move(word), .tone = std::move(tone)});
}

/// What an entry tells counts until the next one, and no longer than an answer counts.
void tell(Lane& lane, const HistoryEntry& entry, WallTime to,
          std::chrono::milliseconds stale_after) {
  const WallTime stale = std::min(entry.time, entry.evaluated_at) + stale_after;
  const WallTime end = std::max(entry.time, stale);
  extend(lane, stale < entry.time ? std::string() : word_in(entry, lane), entry.time,
         std::min(end, to));
  if (end < to) {
    extend(lane, {}, end, to);
  }
}

void place(Lane& lane, WallTime from, WallTime now) {
  const double whole = std::max(1.0, to_seconds(now - from));
  const auto at = [&](WallTime time) {
    return static_cast<int>(std::lround(to_seconds(time - from) / whole * kTimelineWidth));
  };
  for (Segment& segment : lane.segments) {
    segment.x = std::min(at(segment.from), kTimelineWidth - 1);
    segment.width = std::max(1, at(segment.to) - segment.x);
  }
}

}  // namespace

std::string_view tone_of(std::string_view word) {
  constexpr std::array<std::string_view, 3> kGood = {"FinalState", "SteadyState", "NormalState"};
  constexpr std::array<std::string_view, 2> kBad = {"ErrorState", "NonSteadyState"};
  const auto is = [&](std::string_view one) { return iequals(one, word); };
  if (std::ranges::any_of(kGood, is)) {
    return "good";
  }
  if (std::ranges::any_of(kBad, is)) {
    return "bad";
  }
  return is("NotInitialized") ? "idle" : "unknown";
}

Timeline timeline_of(const std::vector<HistoryEntry>& newest_first, WallTime now,
                     std::chrono::milliseconds stale_after) {
  Timeline timeline{.from = first_moment(newest_first, now), .lanes = {}};
  std::vector<const HistoryEntry*> entries;
  for (const HistoryEntry& entry : newest_first | std::views::reverse) {
    if (of_schedule(entry) && entry.time >= timeline.from && entry.time <= now) {
      entries.push_back(&entry);
    }
  }
  for (const HistoryEntry* const entry : entries) {
    for (const collectors::ModuleWords& module :
         entry->states ? *entry->states : status::HistoryStates()) {
      const bool known = std::ranges::any_of(
          timeline.lanes, [&](const Lane& lane) { return iequals(lane.module, module.identity); });
      if (!known) {
        timeline.lanes.push_back({module.identity, "export", {}});
        timeline.lanes.push_back({module.identity, "import", {}});
      }
    }
  }
  for (Lane& lane : timeline.lanes) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      tell(lane, *entries[i], i + 1 < entries.size() ? entries[i + 1]->time : now, stale_after);
    }
    place(lane, timeline.from, now);
  }
  return timeline;
}

}  // namespace sfb::serve
