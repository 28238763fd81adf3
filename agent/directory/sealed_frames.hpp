// The messages of a SASL security layer (RFC 4422 3.7): each has its length before it. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::directory {

/// The longest message that we take; told to the server, which must not send a longer one.
inline constexpr std::uint32_t kMostFrame = 1U << 20U;
/// The bit of the layer that encrypts (RFC 4752 3.3).
inline constexpr std::uint8_t kConfidential = 4;

/// What a server offers in its last token: which layers, and how long a message may be.
struct Offer {
  std::uint8_t layers = 0;
  std::uint32_t most = 0;
};
/// Absent: not the four bytes that it must be.
std::optional<Offer> read_offer(std::string_view plain);
/// Our answer: the layer that encrypts, kMostFrame, no other identity.
std::string choose_confidential();

/// A message with its length before it.
std::string frame(std::string_view sealed);

/// Bytes of the connection in, plain bytes out. Thread rule: one owner.
class SealedFrames {
 public:
  /// `open`: the plain bytes of a message; nothing where it is not what the server sealed.
  using Open = std::function<std::optional<std::string>(std::string_view sealed)>;
  explicit SealedFrames(Open open) : open_(std::move(open)) {}

  /// How many bytes are still missing for the next message; 0: there are plain bytes, or it is
  /// broken.
  std::size_t wanted() const;
  /// Bytes that came, `wanted()` at the most. False: too long or not sealed, and so it stays.
  bool add(std::string_view bytes);
  bool ready() const { return at_ < plain_.size(); }
  /// Takes plain bytes out, `most` at most.
  std::string_view take(std::size_t most);

 private:
  Open open_;
  std::string sealed_;
  std::string plain_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

}  // namespace sfb::directory
