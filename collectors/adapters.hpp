// What makes the functions of a collector's row out of those that know its own finding.
#pragma once

#include "collectors/collector.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::collectors {

/// More odd things of one answer than anybody reads; the rest is counted.
inline constexpr std::size_t kMostNotes = 20;
inline void cap_notes(std::vector<std::string>& notes) {
  if (notes.size() > kMostNotes) {
    const std::size_t rest = notes.size() - (kMostNotes - 1);
    notes.resize(kMostNotes - 1);
    notes.push_back(fmt::format("{} more odd things are not listed", rest));
  }
}

/// Collector::interpret by `read`, which gives a Result<F>. Notes are capped.
template <typename F, auto read>
Result<FindingPtr> interpret_as(const PipelineResult& result, const Limits& limits) {
  Result<F> finding = read(result, limits);
  if (!finding) {
    return std::unexpected(std::move(finding.error()));
  }
  cap_notes(finding->notes);
  return std::make_shared<const F>(std::move(*finding));
}

/// Collector::judge by `judge`, for findings that are judged alike at every pool.
template <typename F>
Verdict judge_as(const Finding& finding, const Facts& facts) {
  static_cast<void>(facts);
  return judge(static_cast<const F&>(finding));
}

/// Collector::changes by `changes`.
template <typename F>
std::vector<Change> changes_as(const Finding& before, const Finding& now) {
  return changes(static_cast<const F&>(before), static_cast<const F&>(now));
}

/// Collector::oddities where a finding has no others than its notes.
inline std::string notes_of(const Finding& finding) {
  return fmt::format("{}", fmt::join(finding.notes, "; "));
}

}  // namespace sfb::collectors
