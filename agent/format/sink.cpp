#include "agent/format/sink.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <utility>

namespace sfb::format {

namespace {

// The work that the longest text may take, by its bytes.
constexpr std::size_t kWorkPerByte = 4;
// The longest text that is put together of others, as a part of the whole.
constexpr std::size_t kMadeParts = 4;

}  // namespace

Budget::Budget(std::size_t max_bytes)
    : max_bytes_(max_bytes), left_(kWorkPerByte * std::min(max_bytes, SIZE_MAX / kWorkPerByte)) {}

bool Budget::take(std::size_t cost) {
  if (spent_ || cost > left_) {
    spent_ = true;
    return false;
  }
  left_ -= cost;
  return true;
}

bool Budget::hold(std::size_t bytes) {
  spent_ = spent_ || bytes > max_bytes_ - held_;
  held_ += spent_ ? 0 : bytes;
  return !spent_;
}

bool Budget::allows(std::size_t made_text) {
  spent_ = spent_ || made_text > max_bytes_ / kMadeParts;
  return !spent_;
}

void Sink::line(std::u16string_view text) {
  if (budget_->take(text.size() + 1)) {
    verbatim(from_utf16(text));
    verbatim("\n");
  }
}

void Sink::line_utf8(std::string_view text) {
  if (budget_->take(text.size() + 1)) {
    verbatim(text);
    verbatim("\n");
  }
}

void Sink::blanks(int count) {
  for (int i = 0; i < count; ++i) {
    line_utf8({});
  }
}

void Sink::verbatim(std::string_view lines) {
  text_ += lines;
  if (text_.full()) {
    budget_->end();
  }
}

Result<std::string> Sink::finish() && {
  if (budget_->spent()) {
    return std::unexpected(too_much_text(budget_->max_bytes()));
  }
  return std::move(text_).finish();
}

}  // namespace sfb::format
