#include "agent/base/secret.hpp"

#include <string.h>  // NOLINT: explicit_bzero stands in no C++ header

namespace sfb {

Secret::Secret(Secret&& other) noexcept : text_(other.text_) {
  // A copy, because moving a short string leaves its bytes behind.
  other.wipe();
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = other.text_;
    other.wipe();
  }
  return *this;
}

void Secret::wipe() {
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

}  // namespace sfb
