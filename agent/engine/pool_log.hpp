// What the log tells of one pool's evaluations: news once, not every two minutes.
#pragma once

#include "agent/base/log.hpp"
#include "agent/status/evaluation.hpp"
#include "agent/status/history.hpp"

#include <optional>
#include <string>
#include <vector>

namespace sfb::engine {

/// Whose event it is: the pool, and the collector unless it is the pool's status; then `fields`.
std::vector<LogField> who_and(const status::Question& question, std::vector<LogField> fields);

/// Of a run that a query or a probe caused: the id of that request; of any other nothing.
void add_request(std::vector<LogField>& fields, const std::string& request_id);

/// Thread rule: one thread.
class PoolLog {
 public:
  /// `changes`: what its entry in the history tells; `facts`: what the operator says now.
  void completed(const Logger& logger, const status::Evaluation& evaluation,
                 const std::vector<status::HistoryChange>& changes, const collectors::Facts& facts);
  /// The last evaluation of the scheduled question failed.
  bool failing() const { return last_failure_.has_value(); }

 private:
  void failed(const Logger& logger, const status::Evaluation& evaluation);
  void succeeded(const Logger& logger, const status::Evaluation& evaluation,
                 const std::vector<status::HistoryChange>& changes, const collectors::Facts& facts);

  std::optional<Reason> last_failure_;
  std::string last_code_;  ///< of that failure
  std::vector<std::string> last_notes_;
  std::vector<std::string> last_warnings_;
  std::string last_note_;  ///< the code of the last good evaluation's note
};

}  // namespace sfb::engine
