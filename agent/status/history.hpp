// The bounded memory of evaluations: newest first. Failures have a ring of their own, so that
// successes do not push them out; so has what only callers asked, so that they push out nothing of
// the schedule, and so have the pauses.
#pragma once

#include "agent/status/evaluation.hpp"
#include "agent/value/pipeline.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::status {

/// Which entries push each other out. The numbers are saved: they never change.
enum class HistoryRing : std::uint8_t {
  good = 0,
  failed = 1,
  asked_good = 2,  ///< by callers alone
  asked_failed = 3,
  skipped = 4,
};
inline constexpr std::size_t kHistoryRings = 5;

/// Something that differs from the last conclusive answer, in the words of collectors::Change.
struct HistoryChange {
  std::string event;
  std::vector<std::pair<std::string, std::string>> fields;
  bool operator==(const HistoryChange&) const = default;
};

/// The modules' words of one answer.
using HistoryStates = std::vector<collectors::ModuleWords>;

/// One line of the history; holds no objects, so it is small and bounded.
struct HistoryEntry {
  HistoryRing ring = HistoryRing::good;
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
      message;  ///< of the error, with the peer's words, or notes and unknown states; 500 bytes
  std::string remedy;
  std::string request_id;
  std::string front_end = {};  ///< Evaluation's
  /// Shared with other entries that have the same; null where no answer told of any.
  std::shared_ptr<const HistoryStates> states = {};
  std::vector<HistoryChange> changes = {};  ///< of the scheduled question's answers
  std::vector<std::string> errors = {};     ///< non-fatal ones beside a good answer, the first few

  bool operator==(const HistoryEntry&) const = default;
};

/// The messages of what PowerShell complained of: the first `most` ones, cut, control characters
/// visible.
std::vector<std::string> nonfatal_errors(const PipelineResult& result, std::size_t most);
/// The same of what stands beside a good answer. None of a failed one.
std::vector<std::string> nonfatal_errors(const Evaluation& evaluation, std::size_t most);

/// Entries of each ring of a pool, at most.
inline constexpr std::size_t kHistoryLimit = 50;

class CommonLines;
class LineLog;

/// One pool's history. Thread rule: one thread.
class History {
 public:
  /// `common`: with the histories of other pools. `limit` entries of each kind at most.
  explicit History(std::shared_ptr<CommonLines> common, std::size_t limit = kHistoryLimit);
  ~History();
  History(History&&) noexcept;
  History& operator=(History&&) noexcept;
  /// `scheduled`: the schedule wanted it too, whoever caused it.
  /// `before`: the last conclusive answer to the same question; null when there is none.
  /// Both give the new entry.
  HistoryEntry add(const Evaluation& evaluation, bool scheduled,
                   const Evaluation* before = nullptr);
  /// The schedule wanted an answer and leaves the server alone instead. `id` counts on with those
  /// of evaluations.
  HistoryEntry skip(std::uint64_t id, const Question& question, const Error& why, WallTime now);
  /// Of an earlier process, newest first; before anything is added.
  void restore(std::vector<HistoryEntry> entries);
  /// All rings merged, newest first.
  std::vector<HistoryEntry> newest_first() const;

 private:
  std::shared_ptr<const HistoryStates> shared(HistoryStates states);
  HistoryEntry push(HistoryEntry entry);

  std::shared_ptr<CommonLines> common_;
  std::size_t limit_;
  std::array<std::unique_ptr<LineLog>, kHistoryRings> rings_;  ///< null: nothing came yet
  std::shared_ptr<const HistoryStates> last_states_;  ///< `common_` may have forgotten them
};

}  // namespace sfb::status
