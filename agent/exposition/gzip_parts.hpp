// The text of a gzip member part by part, so that nobody needs room for all of it.
#pragma once

#include "agent/exposition/gzip_member.hpp"

#include <cstddef>
#include <memory>
#include <string_view>

namespace sfb::exposition {

/// Of a member of our own making. Thread rule: one thread at a time.
class GzipParts {
 public:
  explicit GzipParts(std::shared_ptr<const GzipPieces> member);
  ~GzipParts();
  GzipParts(const GzipParts&) = delete;
  GzipParts& operator=(const GzipParts&) = delete;

  /// Of all parts, in bytes.
  std::size_t size() const { return member_->text_bytes; }
  /// What this takes, the member included.
  std::size_t held() const;
  /// The next bytes, good until the next call. Empty at the end, and where the member is damaged.
  std::string_view next();

 private:
  struct Room;
  std::shared_ptr<const GzipPieces> member_;
  std::size_t piece_ = 0;  ///< the next
  std::unique_ptr<Room> room_;
};

}  // namespace sfb::exposition
