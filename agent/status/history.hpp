// The bounded memory of evaluations: newest first. Failures have a ring of their own, so that
// successes do not push them out; so has what only callers asked, so that they push out nothing of
// the schedule, and so have the pauses.
#pragma once

#include "agent/status/evaluation.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace sfb::status {

/// One line of the history; holds no objects, so memory per entry is small and bounded.
struct HistoryEntry {
  std::uint64_t id = 0;
  WallTime time{};  ///< end of the run, our clock
  WallTime evaluated_at{};
  Trigger trigger = Trigger::schedule;
  std::string question;  ///< parameters_text
  std::chrono::nanoseconds duration{0};
  bool good = false;
  bool skipped = false;  ///< no evaluation: the server is left alone, `reason` and the rest say why
  std::string reason;    ///< empty when good
  std::string code;
  std::string stage;
  std::string
      message;  ///< describe(error), cut to 500 bytes; or notes and states not known to this build
  std::string remedy;
  std::string request_id;
};

/// One pool's history. Thread rule: one thread.
class History {
 public:
  /// `limit` entries of each kind at most.
  explicit History(std::size_t limit = 50) : limit_(limit) {}
  /// `scheduled`: the schedule wanted it too, whoever caused it.
  void add(const Evaluation& evaluation, bool scheduled);
  /// The schedule wanted an answer and leaves the server alone instead. `id` counts on with those
  /// of evaluations.
  void skip(std::uint64_t id, const Question& question, const Error& why, WallTime now);
  /// All rings merged, newest first.
  std::vector<HistoryEntry> newest_first() const;

 private:
  struct Rings {
    std::deque<HistoryEntry> good;
    std::deque<HistoryEntry> failed;
  };
  std::size_t limit_;
  Rings scheduled_;
  Rings asked_;  ///< by callers alone
  std::deque<HistoryEntry> skipped_;
};

}  // namespace sfb::status
