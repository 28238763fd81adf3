// A pipeline's result in few bytes, for keeping: objects take ten times as much.
#pragma once

#include "agent/value/pipeline.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace sfb {

/// Everything that a result says, and of its graph what that leads to. Immutable; may be read from
/// any thread.
class PackedResult {
 public:
  explicit PackedResult(const PipelineResult& result);

  /// The same result. Objects and type name lists that were shared are shared again; their numbers
  /// may be others. Takes about as long as a copy of the result.
  PipelineResult unpack() const;

  /// How many PipelineResult::errors has.
  std::size_t errors() const { return errors_; }
  /// What it takes, in bytes.
  std::size_t memory() const { return sizeof(PackedResult) + bytes_.size(); }

 private:
  std::string bytes_;
  std::size_t errors_;
};

using PackedPtr = std::shared_ptr<const PackedResult>;

/// Never null.
PackedPtr pack(const PipelineResult& result);

}  // namespace sfb
