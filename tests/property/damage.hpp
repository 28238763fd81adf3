// Damage to a text document, 1 to 100 bytes at a time: at random, and where it keeps the document
// well-formed, because only what can still be read can mislead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::property {

inline constexpr std::size_t kMostBytes = 100;

using Random = std::mt19937_64;
/// Below `bound`, which is not 0.
std::size_t below(Random& random, std::size_t bound);
/// A generator for one part of the test: SFB_SEED (default 11) and the part's name decide.
Random random_for(std::string_view part);
std::uint64_t seed();
/// How many times as many mutations as in tests/run: SFB_MUTATIONS, 1 when it is not set.
std::size_t factor();

/// `removed` bytes at `at` give way to `inserted`.
struct Edit {
  std::size_t at = 0;
  std::size_t removed = 0;
  std::string inserted;
};
std::string edited(std::string_view text, const Edit& edit);
std::string show(std::string_view text, const Edit& edit);

/// The edits of one document, at most about `budget` of each kind.
class Edits {
 public:
  /// `text` is CLIXML or JSON; UTF-16 is known by its BOM.
  Edits(std::string_view text, std::size_t budget, Random& random);

  /// Cuts that leave a reader in the state in which it was: with them the rest fits again.
  std::vector<Edit> fitting_cuts();
  /// The same chunks come twice.
  std::vector<Edit> fitting_doubles();
  /// Lost, doubled, zeroed, blanked and altered bytes, anywhere.
  std::vector<Edit> anywhere();
  /// Everything behind some point is gone.
  std::vector<Edit> truncations();

 private:
  std::vector<Edit> sampled(std::vector<Edit> all);
  std::vector<Edit> all_fitting_cuts() const;
  std::size_t width() const { return wide_ ? 2 : 1; }
  std::size_t place(std::size_t narrow) const { return wide_ ? 2 * narrow + 2 : narrow; }

  std::string_view text_;
  std::size_t budget_;
  Random& random_;
  bool wide_;
  std::vector<std::uint64_t> states_;  ///< before each character, and at the end
  std::vector<bool> layout_;           ///< the character is a blank between elements
};

}  // namespace sfb::property
