// Reads what a Windows RPC stub has marshalled (NDR, C706 chapter 14; MS-RPCE 2.2.6), little endian
// only. By hand, for want of a library that is smaller than a domain controller.
#pragma once

#include "agent/identity/sid.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sfb::identity {

/// A position in bytes. After the first thing that is not there every further read gives zero, and
/// `good()` stays false. Numbers are aligned to their own size. Thread rule: a value.
class Ndr {
 public:
  explicit Ndr(std::string_view bytes) : bytes_(bytes) {}

  std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  /// As they lie there, not aligned.
  std::string_view take(std::size_t size);

  /// The number of elements of a conformant array, where that many of `size` bytes are there and
  /// it is what was announced; else zero and not good.
  std::uint32_t elements(std::uint32_t announced, std::size_t size);
  /// A conformant and varying array of UTF-16 units, of which `length` bytes count, as UTF-8.
  std::string text(std::uint16_t length);
  std::optional<Sid> sid();

  bool good() const { return good_; }
  void fail() { good_ = false; }

 private:
  std::uint64_t number(std::size_t size);

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace sfb::identity
