// What lines of the histories have in common stands in memory once: in most evaluations all pools
// say the same.
#pragma once

#include "agent/status/history.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace sfb::status {

/// Bounded: a text that another one has pushed out is made anew. Thread rule: one thread.
class CommonLines {
 public:
  /// A line with more of them is not looked for again: pools do not change alike in so much.
  static constexpr std::size_t kMostChanges = 8;

  std::shared_ptr<const HistoryStates> of(HistoryStates states);
  std::shared_ptr<const HistoryEntry> of(HistoryEntry entry);

 private:
  static constexpr std::size_t kPlaces = 256;  ///< by hash

  std::array<std::shared_ptr<const HistoryStates>, kPlaces> states_;
  std::array<std::shared_ptr<const HistoryEntry>, kPlaces> entries_;
};

}  // namespace sfb::status
