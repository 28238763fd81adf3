#include "agent/base/capped_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sfb {

std::size_t most_text(const Limits& limits) {
  return 2 * std::min(limits.object, SIZE_MAX / 2);
}

Error too_much_text(std::size_t limit) {
  return {
      Reason::parse,
      "render.too_large",
      fmt::format("the answer takes more than {} bytes in this form (2 x limits.object)", limit),
      "ask for another form, or raise limits.object",
      {},
      Stage::none};
}

CappedText& CappedText::operator+=(std::string_view piece) {
  if (room_for(piece.size())) {
    text_ += piece;
  }
  return *this;
}

void CappedText::append(std::size_t count, char c) {
  if (room_for(count)) {
    text_.append(count, c);
  }
}

bool CappedText::room_for(std::size_t bytes) {
  full_ = full_ || bytes > limit_ - text_.size();
  const std::size_t wanted = text_.size() + bytes;
  if (!full_ && wanted > text_.capacity()) {
    // Doubled as ever, but never beyond the limit.
    text_.reserve(std::max(wanted, std::min(2 * text_.capacity(), limit_)));
  }
  return !full_;
}

Result<std::string> CappedText::finish() && {
  if (full_) {
    return std::unexpected(too_much_text(limit_));
  }
  return std::move(text_);
}

}  // namespace sfb
