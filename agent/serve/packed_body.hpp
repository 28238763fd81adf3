// What is kept as gzip, as the body of an answer: as it is, or unpacked while it is sent. Thread
// rule: one thread at a time.
#pragma once

#include "agent/exposition/gzip_member.hpp"
#include "agent/exposition/gzip_parts.hpp"
#include "agent/http/body_parts.hpp"
#include "agent/http/types.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::serve {

using Packed = std::shared_ptr<const exposition::GzipPieces>;

class PackedBody final : public http::BodyParts {
 public:
  explicit PackedBody(Packed packed) : packed_(std::move(packed)) {}

  std::size_t size() const override { return packed_->bytes; }
  std::size_t held() const override { return packed_->bytes; }
  const void* memory() const override { return packed_.get(); }
  std::span<const std::string_view> next() override;

 private:
  Packed packed_;
  std::size_t next_ = 0;
  std::array<std::string_view, http::kPartsAtOnce> pieces_;
};

class UnpackedBody final : public http::BodyParts {
 public:
  explicit UnpackedBody(Packed packed) : parts_(std::move(packed)) {}

  std::size_t size() const override { return parts_.size(); }
  std::size_t held() const override { return parts_.held(); }
  std::span<const std::string_view> next() override;

 private:
  exposition::GzipParts parts_;
  std::array<std::string_view, 1> part_;
};

/// A text that is kept and seldom asked for: packed, where it is long.
class KeptText {
 public:
  explicit KeptText(std::string text);

  void put_into(http::Response& response) const;

 private:
  std::shared_ptr<const std::string> short_;
  Packed packed_;
};

}  // namespace sfb::serve
