// What `evaluate` shows of an ask while it runs.
#pragma once

#include "agent/base/time.hpp"
#include "agent/remote/session/observer.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace sfb::app {

/// `name     value` with the value's further lines below its first, long ones broken at blanks; a
/// blank stands between them whatever the name's length;
/// control characters visible, a value of more than kMostFact bytes cut. Ends in a line end.
std::string aligned(std::string_view name, std::string_view value, std::size_t indent = 0);

inline constexpr std::size_t kMostFact = 4000;

/// Prints to a stream, line by line. Thread rule: loop thread.
class Screen final : public remote::Observer {
 public:
  /// `stream` outlives it.
  Screen(std::FILE* stream, bool wire, const Clock& clock)
      : stream_(stream), wire_(wire), clock_(clock) {}

  /// From now on only the wire is shown: the answer has been, and the session is being closed.
  void answered();

  void stage(const StageTime& time) override;
  /// Shown behind the line of the stage that found it, which ends after it.
  void fact(std::string_view name, std::string_view value) override;
  bool wants_wire() const override { return wire_; }
  /// Each line begins with the time of day (UTC) and the direction.
  void wire(std::string_view direction, std::string_view text) override;

 private:
  void print(std::string_view text);

  std::FILE* stream_;
  bool wire_;
  const Clock& clock_;
  bool answered_ = false;
  std::string facts_;  ///< of the stage that has not ended
};

/// `12.3 ms`.
std::string milliseconds(std::chrono::nanoseconds duration);

}  // namespace sfb::app
