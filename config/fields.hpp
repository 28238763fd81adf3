// Reading one map of the configuration: every key taken once and by type, every mistake reported
// with its place and key.
#pragma once

#include "agent/base/fqdn.hpp"
#include "config/document.hpp"
#include "config/problem.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// A key as part of a way to a value: bare when it is a plain word, else quoted and cut, at the
/// first character that no key has.
std::string key_text(std::string_view key);

/// Bytes: `4MiB`, `512KiB`, `1GiB` or a plain number. Nothing on other text or overflow.
std::optional<std::size_t> parse_size(std::string_view text);
/// The largest unit that leaves no rest; parse_size reads it back.
std::string format_size(std::size_t bytes);

/// Text as a metric label can carry it: no control characters, at most 128 bytes.
inline constexpr std::size_t kMaxLabel = 128;

/// No character below blank and no DEL.
bool is_printable(std::string_view text);

template <typename T>
void assign(T& target, const std::optional<T>& value) {
  if (value) {
    target = *value;
  }
}

/// Whether problems name the keys that a section does not know. `hidden`: they may be the rest of a
/// password without quotes, which a comma ends in {...}; their place says enough.
enum class UnknownKeys : std::uint8_t { named, hidden };

/// One map. Getters return nothing when the key is absent or wrong; what is wrong has then been
/// reported. After the last getter, `finish` reports the keys nobody asked for.
class Section {
 public:
  /// Reports duplicate keys at once; of these the first counts. `node` is a map or null (an empty
  /// section); anything else is reported and read as empty.
  Section(const Node& node, std::string path, Problems& problems,
          UnknownKeys unknown = UnknownKeys::named);

  /// The value of a key, null values included; nullptr when the key is absent.
  const Node* find(std::string_view name);
  /// `path.name`.
  std::string key_of(std::string_view name) const;
  /// Reports at the value of `name`, or at the section when the key is absent.
  void problem(std::string_view name, std::string what, std::string remedy);
  /// Reports at the key `name` itself: the key, whatever its value, is what is wrong.
  void refuse(std::string_view name, std::string what, std::string remedy);

  /// For a key that belongs elsewhere: reports it when it is there and leaves it out of what is
  /// allowed. True when it was there.
  bool refuse_foreign(std::string_view name, std::string what, std::string remedy);

  std::optional<std::string> text(std::string_view name);
  /// text() that a metric label can carry; may be empty.
  std::optional<std::string> label(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::size_t> number(std::string_view name, std::size_t least, std::size_t most);
  std::optional<std::size_t> size(std::string_view name, std::size_t least, std::size_t most);
  /// Zero only with `zero_allowed`.
  std::optional<std::chrono::milliseconds> duration(std::string_view name,
                                                    bool zero_allowed = false);
  std::optional<Fqdn> fqdn(std::string_view name);
  /// A list of texts.
  std::optional<std::vector<std::string>> texts(std::string_view name);
  /// Reports `name` as missing when it is; true when it is there.
  bool require(std::string_view name, std::string remedy);

  /// Reports unknown keys, with the known one they resemble. Known are the names asked for.
  void finish();
  /// The same, but known are the names of `allowed` and no others.
  void finish(std::span<const std::string_view> allowed);
  /// Instead of finish where a key is missing without which the rest cannot be judged: reports
  /// unknown keys that resemble one asked for or one of `known`, and no other.
  void finish_unjudged(std::span<const std::string_view> known);

  /// The entries in order, duplicates left out: for maps with free names.
  std::span<const Entry> entries() const { return entries_; }
  const Node& node() const { return node_; }
  Problems& problems() { return problems_; }

 private:
  const std::string* scalar(std::string_view name);
  void sort_known();

  const Node& node_;
  std::string path_;
  Problems& problems_;
  UnknownKeys unknown_;
  std::vector<Entry> entries_;
  std::vector<std::string_view> known_;
};

}  // namespace sfb::config
