// Bodies that nobody needs whole.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace sfb::http {

/// So many parts the kernel is given in one call.
inline constexpr std::size_t kPartsAtOnce = 15;

/// A body that is made while it is written, or lies in pieces. Thread rule: loop thread; a part
/// takes no millisecond.
class BodyParts {
 public:
  virtual ~BodyParts() = default;
  /// Of all parts, in bytes.
  virtual std::size_t size() const = 0;
  /// The memory that it takes until it is written.
  virtual std::size_t held() const = 0;
  /// What tells this memory from that of others: bodies that share theirs say the same.
  virtual const void* memory() const { return this; }
  /// The next parts, good until the next call. None, or nothing in them, before the end: it cannot
  /// go on, and the connection is closed.
  virtual std::span<const std::string_view> next() = 0;
};

}  // namespace sfb::http
