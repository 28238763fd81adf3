// A password or key: can be carried and used, but not printed by accident.
#pragma once

#include "agent/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb {

/// Also for what is made of one: a header, the request that carries it. No stream operator, no
/// formatter, no comparison; the memory is overwritten when it goes.
/// Thread rule: a value of one owner; share it through a shared_ptr to const.
class Secret {
 public:
  Secret() = default;
  /// Wipes what the move leaves in `text`. What `text` left elsewhere as it grew is beyond reach:
  /// reserve its whole size first.
  explicit Secret(std::string&& text);
  ~Secret() { wipe(); }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept;
  Secret& operator=(const Secret& other);
  Secret& operator=(Secret&& other) noexcept;

  /// The text itself. Whoever calls this sees to it that it reaches neither log nor message.
  std::string_view reveal() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  void wipe();
  std::string text_;
};

/// The largest secret of a file, in bytes.
inline constexpr std::size_t kMostSecret = 4096;

/// The secret in a file's content: one line of UTF-8 text, a BOM before it and one line end behind
/// it left out. Reason::process, code `secret.unreadable`: empty, larger than kMostSecret, several
/// lines, control characters, not UTF-8; the message is a sentence without subject ("is empty") and
/// holds nothing of it.
Result<std::string_view> secret_line(std::string_view content);

}  // namespace sfb
