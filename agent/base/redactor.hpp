// Takes secrets out of texts that somebody else wrote: proxies and diagnostic pages repeat what was
// sent to them.
#pragma once

#include "agent/base/secret.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace sfb {

/// Knows the last secrets that were sent, and overwrites the memory of those it forgets.
/// Thread rule: one owner.
class Redactor {
 public:
  /// Shorter secrets are not looked for: they stand in harmless words.
  static constexpr std::size_t kShortest = 6;
  /// As many are known; a further one takes the place of the oldest.
  static constexpr std::size_t kMost = 12;
  /// Only the whole secret is hidden.
  static constexpr std::size_t kWhole = std::string_view::npos;

  /// `harmless` is how many bytes at its beginning tell nothing (a user name before the
  /// password): more of its beginning than that is hidden too, since texts are cut anywhere.
  void hide(std::string_view secret, std::size_t harmless = kWhole);
  /// The text with `***` for each secret, also where the text writes its characters as XML and HTML
  /// do (`&amp;`, `&#39;`).
  std::string operator()(std::string_view text) const;

 private:
  struct Pattern {
    Secret secret;
    std::size_t least = 0;  ///< bytes that must agree
  };
  std::size_t match(std::string_view text) const;

  std::deque<Pattern> patterns_;
};

}  // namespace sfb
