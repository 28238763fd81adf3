// Counts the memory that readers keep: a few bytes of text may become hundreds in a graph.
#pragma once

#include "agent/base/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace sfb {

/// The most bytes of memory that what is read of one answer may take: 8 x limits.object.
std::size_t most_memory(const Limits& limits);

/// What the allocator takes for a block of so many bytes; nothing for an empty one.
constexpr std::size_t block_of(std::size_t bytes) {
  constexpr std::size_t kHeader = 8;
  constexpr std::size_t kStep = 16;
  constexpr std::size_t kLeast = 32;
  return bytes == 0 ? 0 : std::max(kLeast, (bytes + kHeader + kStep - 1) / kStep * kStep);
}

/// What a text takes in a std::unordered_set, its place in the table included.
constexpr std::size_t set_entry_of(std::size_t bytes) {
  constexpr std::size_t kNode = block_of(sizeof(std::string) + 2 * sizeof(void*));
  return kNode + 2 * sizeof(void*) + block_of(bytes + 1);
}

/// Thread rule: one owner.
class MemoryMeter {
 public:
  explicit MemoryMeter(std::size_t limit) : limit_(limit) {}
  explicit MemoryMeter(const Limits& limits) : MemoryMeter(most_memory(limits)) {}

  /// Counts bytes that are kept. A reader ends where it is `over`.
  void take(std::size_t bytes) {
    used_ += bytes;
    over_ = over_ || used_ > limit_;
  }
  /// What a text keeps beside its own object.
  void take(const std::string& text) { take(cost(text)); }
  void give(std::size_t bytes) { used_ -= std::min(bytes, used_); }
  void give(const std::string& text) { give(cost(text)); }

  /// Makes room for one more element, and allocates nothing where that would be too much: false.
  /// While a vector grows, its old block and its new one are there at once.
  template <typename T>
  bool grow(std::vector<T>& elements) {
    if (elements.size() < elements.capacity()) {
      return true;
    }
    const std::size_t before = block_of(elements.capacity() * sizeof(T));
    const std::size_t wanted = std::max<std::size_t>(2 * elements.capacity(), 1);
    take(block_of(wanted * sizeof(T)));
    if (over()) {
      return false;
    }
    elements.reserve(wanted);
    give(before);
    return true;
  }

  /// Gives back the room of a vector that gets no more elements.
  template <typename T>
  void trim(std::vector<T>& elements) {
    const std::size_t now = block_of(elements.capacity() * sizeof(T));
    const std::size_t wanted = block_of(elements.size() * sizeof(T));
    if (wanted < now && used_ + wanted <= limit_) {
      elements.shrink_to_fit();
      give(now - wanted);
    }
  }

  /// It was too much; giving back does not undo that.
  bool over() const { return over_; }
  std::size_t used() const { return used_; }
  std::size_t limit() const { return limit_; }

 private:
  static std::size_t cost(const std::string& text) {
    static const std::size_t kInside = std::string().capacity();
    return text.capacity() > kInside ? block_of(text.capacity() + 1) : 0;
  }

  std::size_t limit_;
  std::size_t used_ = 0;
  bool over_ = false;
};

}  // namespace sfb
