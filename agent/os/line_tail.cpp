#include "agent/os/line_tail.hpp"

#include <algorithm>

namespace sfb::os {

namespace {

std::size_t excess(std::size_t size, std::size_t most) {
  return size - std::min(size, most);
}

}  // namespace

void LineTail::add(std::string_view piece) {
  const std::size_t most = bytes_ + 2;  // and a line end
  raw_ += piece.substr(excess(piece.size(), most));
  raw_.erase(0, excess(raw_.size(), most));

  std::string_view kept = raw_;
  if (kept.ends_with('\n')) {
    kept.remove_suffix(kept.ends_with("\r\n") ? 2 : 1);  // ssh writes both
  }
  kept.remove_prefix(excess(kept.size(), bytes_));
  auto lines = static_cast<std::size_t>(std::ranges::count(kept, '\n')) + 1;
  for (; lines > lines_; --lines) {
    kept.remove_prefix(kept.find('\n') + 1);
  }
  text_ = kept;
}

}  // namespace sfb::os
