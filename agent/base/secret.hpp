// A password or key: can be carried and used, but not printed by accident.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// Use it also for what is made of a secret: a header, a request. It has no stream operator, no
/// formatter and no comparison. Its memory is overwritten when it goes.
/// Thread rule: a value of one owner; share it through a shared_ptr to const.
class Secret {
 public:
  Secret() = default;
  /// Wipes what the move leaves in `text`. Copies that `text` left behind as it grew cannot be
  /// wiped: reserve its whole size first.
  explicit Secret(std::string&& text);
  ~Secret() { wipe(); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;

  /// The text itself. The caller must not let it reach a log or a message.
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  void wipe();
  std::string text_;
};

/// The largest secret of a file, in bytes.
inline constexpr std::size_t kMostSecret = 4096;

/// The secret in a file's content: one line of UTF-8, without a BOM before it and one line end
/// after it. Reason::process, code `secret.unreadable`: empty, larger than kMostSecret, several
/// lines, control characters, not UTF-8. The message has no subject ("is empty") and holds nothing
/// of the secret.
Result<std::string_view> secret_line(std::string_view content);

}  // namespace sfb
