// A text that many have: each different one is in memory once.
#pragma once

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// For names and words that are kept in many places: a pool's name stood in a dozen of them. As
/// large as a pointer, copied without the text. To make one of text takes a lock for a moment; the
/// text goes with the last one that has it. Not for secrets. Thread rule: a value.
class CommonText {
 public:
  CommonText() : CommonText(std::string_view()) {}
  CommonText(std::string_view text);  // NOLINT(google-explicit-constructor): it is the same text
  CommonText(const std::string& text) : CommonText(std::string_view(text)) {}  // NOLINT: likewise
  CommonText(const char* text) : CommonText(std::string_view(text)) {}         // NOLINT: likewise
  CommonText(std::nullptr_t) = delete;
  CommonText(const CommonText& other) noexcept;
  CommonText& operator=(const CommonText& other) noexcept;
  ~CommonText();

  const std::string& str() const noexcept;
  bool empty() const noexcept { return str().empty(); }

  bool operator==(const CommonText& other) const noexcept { return shared_ == other.shared_; }
  std::strong_ordering operator<=>(const CommonText& other) const noexcept {
    return str() <=> other.str();
  }
  // Without these two, text would become a CommonText first.
  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view>
  bool operator==(const Text& other) const noexcept {
    return str() == std::string_view(other);
  }
  template <typename Text>
    requires std::convertible_to<const Text&, std::string_view>
  std::strong_ordering operator<=>(const Text& other) const noexcept {
    return std::string_view(str()) <=> std::string_view(other);
  }

 private:
  // A boost::flyweight, whose headers would make every file that names a pool compile for a second
  // more.
  alignas(void*) std::array<std::byte, sizeof(void*)> shared_;
};

}  // namespace sfb
