// Answers that were made for one caller count as bytes in flight until they are sent: slow readers
// must not fill the memory.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/error.hpp"
#include "agent/http/types.hpp"

#include <memory>

namespace sfb::serve {

/// Bodies together take at most half of `limits.in_flight`, so that readers who are slow keep no
/// evaluation from being read. Thread rule: any thread.
class BodyBudget {
 public:
  /// `all` is limits.in_flight; without one nothing is counted.
  explicit BodyBudget(std::shared_ptr<ByteBudget> all);

  /// From now on the response's body holds its bytes until its last owner lets it go. Bodies of up
  /// to 4 KiB hold none: connections limit them. Reason::throttled, code `query.in_flight`; the
  /// response is unchanged then.
  Status hold(http::Response& response) const;

 private:
  std::shared_ptr<ByteBudget> all_;
  std::shared_ptr<ByteBudget> bodies_;
};

}  // namespace sfb::serve
