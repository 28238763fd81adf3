#include "agent/serve/packed_body.hpp"

#include "agent/exposition/gzip.hpp"

namespace sfb::serve {
namespace {

/// The configuration of some 200 pools.
constexpr std::size_t kShortText = 64UL << 10U;

}  // namespace

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

KeptText::KeptText(std::string text) {
  if (text.size() > kShortText) {
    if (Result<std::string> packed = exposition::gzip(text)) {
      const std::size_t bytes = packed->size();
      packed_ = std::make_shared<const exposition::GzipPieces>(
          exposition::GzipPieces{.list = {std::make_shared<const std::string>(std::move(*packed))},
                                 .bytes = bytes,
                                 .text_bytes = text.size()});
      return;
    }
  }
  short_ = std::make_shared<const std::string>(std::move(text));
}

void KeptText::put_into(http::Response& response) const {
  if (packed_ != nullptr) {
    response.parts = std::make_shared<UnpackedBody>(packed_);
  } else {
    response.body = short_;
  }
}

}  // namespace sfb::serve
