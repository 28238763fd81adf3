#include "agent/base/secret.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <string.h>  // NOLINT: explicit_bzero stands in no C++ header

#include <algorithm>
#include <utility>

namespace sfb {

namespace {

// Moving a short string leaves its bytes behind, in the string's own buffer.
void wipe_moved(std::string& from) {
  from.clear();  // its size may be anything
  from.resize(from.capacity());
  explicit_bzero(from.data(), from.size());
  from.clear();
}

}  // namespace

Secret::Secret(std::string&& text) : text_(std::move(text)) {
  wipe_moved(text);
}

Secret::Secret(Secret&& other) noexcept : text_(std::move(other.text_)) {
  wipe_moved(other.text_);
}

Secret& Secret::operator=(const Secret& other) {
  if (this != &other) {
    wipe();
    text_ = other.text_;
  }
  return *this;
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe();
    text_ = std::move(other.text_);
    wipe_moved(other.text_);
  }
  return *this;
}

void Secret::wipe() {
  explicit_bzero(text_.data(), text_.size());
  text_.clear();
}

Result<std::string_view> secret_line(std::string_view content) {
  constexpr std::string_view kBom = "\xEF\xBB\xBF";
  const auto unusable = [](std::string message, std::string remedy) {
    return fail(Reason::process, "secret.unreadable", std::move(message), std::move(remedy));
  };
  if (content.size() > kMostSecret) {
    return unusable(fmt::format("is larger than {} bytes", kMostSecret),
                    "let it hold the password and nothing else");
  }
  if (content.starts_with(kBom)) {
    content.remove_prefix(kBom.size());
  }
  if (content.ends_with('\n')) {
    content.remove_suffix(content.ends_with("\r\n") ? 2 : 1);
  }
  if (content.empty()) {
    return unusable("is empty", "write the password into it");
  }
  const bool control = std::ranges::any_of(
      content, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  if (control || !is_utf8(content)) {
    return unusable("does not hold one line of UTF-8 text",
                    "save it as UTF-8, with one line and no control characters");
  }
  return content;
}

}  // namespace sfb
