// Answers that were made for one caller count as bytes in flight until they are sent: slow readers
// must not fill the memory.
#pragma once

#include "agent/base/byte_budget.hpp"
#include "agent/base/error.hpp"
#include "agent/http/types.hpp"

#include <functional>
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
  /// The same, on the loop thread. While there is no room for a body that could have some, a slow
  /// reader is cut off, as long as `cut_slow_reader` finds one.
  Status hold(http::Response& response, const std::function<bool()>& cut_slow_reader) const;
  /// It counts bytes of this one.
  bool is_of(const std::shared_ptr<ByteBudget>& all) const { return all_ == all; }

 private:
  std::shared_ptr<ByteBudget> all_;
  std::shared_ptr<ByteBudget> bodies_;
};

}  // namespace sfb::serve
