// Takes secrets out of texts that others wrote. Proxies and diagnostic pages repeat what was sent
// to them.
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
  /// Shorter secrets are not looked for, because they occur in harmless words.
  static constexpr std::size_t kShortest = 6;
  /// So many secrets are known at once; a further one takes the place of the oldest.
  static constexpr std::size_t kMost = 12;
  /// Only the whole secret is hidden.
  static constexpr std::size_t kWhole = std::string_view::npos;

  /// `harmless`: bytes at its beginning that tell nothing (a user name before the password). A
  /// longer part of its beginning is hidden too, since texts are cut anywhere.
  void hide(std::string_view secret, std::size_t harmless = kWhole);
  /// The text with `***` for each secret, also where the text escapes characters as XML and HTML do
  /// (`&amp;`, `&#39;`).
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
