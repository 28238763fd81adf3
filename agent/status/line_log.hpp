// The lines of one ring of a history, packed: as objects, the histories of 10,000 pools took a
// fifth of the agent's memory.
#pragma once

#include "agent/status/history.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace sfb::status {

/// Thread rule: one thread.
class LineLog {
 public:
  /// What is different in every line.
  struct Stamp {
    std::uint64_t id = 0;
    WallTime time{};
    WallTime evaluated_at{};
    std::chrono::nanoseconds duration{0};
    bool operator==(const Stamp&) const = default;
  };
  /// What lines have in common: an entry without its stamp.
  using Rest = std::shared_ptr<const HistoryEntry>;
  struct Line {
    Stamp stamp;
    Rest rest;
  };

  /// Has room for `lines` usual ones from the start: what grows leaves holes in the memory.
  explicit LineLog(std::size_t lines) { bytes_.reserve(lines * kUsualBytes + kMostBytes); }

  std::size_t size() const { return size_; }
  /// What the lines take without what they have in common.
  std::size_t bytes() const { return bytes_.capacity(); }
  /// Of a line that is here; null where none has it.
  Rest find(const HistoryEntry& rest) const;
  /// `rest` is not null.
  void push(const Stamp& stamp, Rest rest);
  /// There is one.
  void pop_oldest();
  /// The oldest first.
  std::vector<Line> lines() const;

 private:
  struct Slot {
    Rest rest;
    std::size_t lines = 0;  ///< that have it; none: the slot is free
  };
  /// Of a line a quarter of an hour behind the one before, up to an hour after it was evaluated.
  static constexpr std::size_t kUsualBytes = 22;
  static constexpr std::size_t kMostBytes = 50;  ///< five numbers of ten

  void put_difference(std::uint64_t from, std::uint64_t to);
  /// Reads a packed number, from `at` on.
  std::uint64_t take(std::size_t& at) const;
  std::uint64_t take_difference(std::uint64_t from, std::size_t& at) const;
  /// The line at `at`, behind one with `stamp`, which becomes its stamp; its slot.
  std::size_t next(std::size_t& at, Stamp& stamp) const;

  // A line: packed numbers. Its id and its time by what they differ from those of the line before,
  // when it was evaluated by what that differs from its time; its duration; its slot.
  std::vector<std::uint8_t> bytes_;
  std::vector<Slot> slots_;
  std::size_t size_ = 0;
  Stamp before_;  ///< of the line before the oldest
  Stamp newest_;
};

}  // namespace sfb::status
