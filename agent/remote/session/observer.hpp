// Who watches an ask from close by: `evaluate` prints what it is told. The agent itself has none.
#pragma once

#include "agent/base/time.hpp"

#include <string_view>

namespace sfb::remote {

/// Thread rule: called on the loop thread, while the ask runs. Texts hold no secret; those of the
/// peer are untrusted and shown through `quote` or `visible` (text.hpp).
class Observer {
 public:
  virtual ~Observer() = default;
  /// A stage ended, well or not.
  virtual void stage(const StageTime& time) = 0;
  /// Something worth knowing when setting up a pool: `certificate`, `offers`, `protocol`,
  /// `PowerShell`, `language`, ...
  virtual void fact(std::string_view name, std::string_view value) = 0;
  /// `wire` is wanted (`--debug`).
  virtual bool wants_wire() const = 0;
  /// One envelope, HTTP head or decoded message. `direction` is `>` or `<`.
  virtual void wire(std::string_view direction, std::string_view text) = 0;
};

}  // namespace sfb::remote
