#include "agent/serve/packed_body.hpp"

namespace sfb::serve {

std::span<const std::string_view> PackedBody::next() {
  std::size_t used = 0;
  for (; used < pieces_.size() && next_ < packed_->list.size(); ++used, ++next_) {
    pieces_.at(used) = *packed_->list[next_];
  }
  return std::span(pieces_).first(used);
}

std::span<const std::string_view> UnpackedBody::next() {
  part_[0] = parts_.next();
  return part_;
}

}  // namespace sfb::serve
