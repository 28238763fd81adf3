#include "agent/format/sink.hpp"

#include "agent/base/text.hpp"

#include <utility>

namespace sfb::format {

bool Budget::take(std::size_t cost) {
  if (spent_ || cost > left_) {
    spent_ = true;
    return false;
  }
  left_ -= cost;
  return true;
}

void Sink::line(std::u16string_view text) {
  if (budget_->take(text.size() + 1)) {
    text_ += from_utf16(text);
    text_ += '\n';
  }
}

void Sink::line_utf8(std::string_view text) {
  if (budget_->take(text.size() + 1)) {
    text_ += text;
    text_ += '\n';
  }
}

void Sink::blanks(int count) {
  for (int i = 0; i < count; ++i) {
    line_utf8({});
  }
}

std::string Sink::finish() && {
  if (budget_->spent()) {
    text_ += "[the rest is left out: the text is too long]\n";
  }
  return std::move(text_);
}

}  // namespace sfb::format
