// Bodies that nobody needs whole.
#pragma once

#include <cstddef>
#include <string_view>

namespace sfb::http {

/// A body that is made while it is written. Thread rule: loop thread; a part takes no millisecond.
class BodyParts {
 public:
  virtual ~BodyParts() = default;
  /// Of all parts, in bytes.
  virtual std::size_t size() const = 0;
  /// The memory that it takes until it is written.
  virtual std::size_t held() const = 0;
  /// The next part, good until the next call. Empty before the end: it cannot go on, and the
  /// connection is closed.
  virtual std::string_view next() = 0;
};

}  // namespace sfb::http
