// A password or key: can be carried and used, but not printed by accident.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace sfb {

/// No stream operator, no formatter, no comparison; the memory is overwritten when it goes.
/// Thread rule: a value of one owner; share it through a shared_ptr to const.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}
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

}  // namespace sfb
