// The bounded memory of evaluations: newest first, failures in a ring of their own so that
// successes do not push them out.
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
  std::string reason;  ///< empty when good
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
  void add(const Evaluation& evaluation);
  /// Both rings merged, newest first.
  std::vector<HistoryEntry> newest_first() const;

 private:
  std::size_t limit_;
  std::deque<HistoryEntry> good_;
  std::deque<HistoryEntry> failed_;
};

}  // namespace sfb::status
