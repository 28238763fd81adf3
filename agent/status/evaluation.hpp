// One completed evaluation and the interface that gives them. Free of Asio.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/note.hpp"
#include "agent/base/time.hpp"
#include "agent/status/trigger.hpp"
#include "agent/value/packed.hpp"
#include "collectors/collector.hpp"
#include "collectors/question.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::status {

using collectors::Question;

/// A completed evaluation, good or failed. Immutable once shared; readable from any thread.
struct Evaluation {
  Question question;
  std::uint64_t id = 0;  ///< counts evaluations, over restarts where a state is kept: the same
                         ///< number in metrics' history and query answers
  Trigger trigger = Trigger::schedule;
  std::string request_id = {};  ///< of the query that caused it; empty for the schedule
  WallTime evaluated_at{};      ///< when the answer was made: for `file` the content's time
  MonoTime made{};              ///< the same on the monotonic clock: ages are counted from here
  WallTime finished{};          ///< our clock, end of the run
  std::chrono::nanoseconds duration{0};
  std::string front_end = {};  ///< URL of the one that was asked; empty: there is none
  std::vector<StageTime> stages = {};
  /// What came back, kept whole; null when nothing did.
  PackedPtr result = {};
  /// What the answer says; set when the outcome is good.
  collectors::FindingPtr finding = {};
  /// Set when the outcome is failed.
  std::optional<Error> error = {};
  /// The answer's own date where that lay ahead of our clock at its first sight, which
  /// `evaluated_at` then is (dropped and pushed exports).
  std::optional<WallTime> dated = {};
  bool restored = false;  ///< of an earlier process: it comes from the state
  Note note = {};         ///< what is wrong although it may be good (`file.clock_skew`)

  bool good() const { return !error.has_value(); }
  /// Good, and it says something about the pool: only such an answer changes what is known.
  bool conclusive() const { return good() && finding && finding->conclusive; }
  /// Judged now, as the operator sees the pool now. Empty unless the outcome is good.
  collectors::Verdict verdict(const collectors::Facts& facts) const {
    return finding ? question.what->judge(*finding, facts) : collectors::Verdict{};
  }
  /// Not below 0.
  std::chrono::nanoseconds age(MonoTime now) const {
    return now > made ? now - made : std::chrono::nanoseconds(0);
  }
};

using EvaluationPtr = std::shared_ptr<const Evaluation>;

/// Where an answer came from (`X-Evaluation-Source`).
enum class Source : std::uint8_t { live, joined, cache };
std::string_view to_string(Source source);

/// An answer: an evaluation (good or failed) and how it was obtained.
struct Answer {
  EvaluationPtr evaluation = {};
  Source source = Source::live;
};

/// No evaluation was made for the caller: unknown pool (not_found), time out while waiting
/// (timeout), back-off or a limit (throttled, with retry_after), a question the transport cannot
/// ask (protocol, `file.cannot_ask`), shutting down.
struct Refusal {
  Error error;
  std::optional<std::chrono::seconds> retry_after = {};
  EvaluationPtr last_known = {};  ///< the last completed evaluation of an equal question, or null
};

/// How a caller wants to be served.
struct Wish {
  Trigger trigger = Trigger::query;
  std::string request_id = {};
  /// Serve the newest equal good answer not older than this; absent: live, but not sooner than
  /// min_live_interval.
  std::optional<std::chrono::seconds> max_age = {};
  MonoTime deadline{};
  /// The server shall make this text, where it can (PipelineResult::rendered); none wanted: the
  /// objects are enough. Only callers that wish the same share a run; a cached answer serves all.
  TextForm render = {};
};

using AnswerCallback = std::function<void(std::expected<Answer, Refusal>)>;

/// The one engine behind schedule, probe and query. Thread rule: call on the loop thread; the
/// callback runs there, exactly once, perhaps before `evaluate` returns. A stop request makes the
/// caller stop waiting; the run goes on while others wait for it.
class Evaluator {
 public:
  virtual ~Evaluator() = default;
  virtual void evaluate(const Question& question, Wish wish, std::stop_token stop,
                        AnswerCallback callback) = 0;
};

}  // namespace sfb::status
