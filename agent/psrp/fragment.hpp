// PSRP fragments ([MS-PSRP] 2.2.4): cuts messages into pieces and puts them together again.
// Pure; thread rule: a Defragmenter has one owner.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/limits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::psrp {

/// Object id u64, fragment id u64, flags u8, blob length u32; big endian.
inline constexpr std::size_t kFragmentHeader = 21;
/// With the header 32 KiB: what Microsoft's servers send.
inline constexpr std::size_t kMaxBlob = 32747;

/// One message as fragments, each a string of its own: the first goes with Command, the others with
/// Send. An empty message is one empty fragment.
std::vector<std::string> make_fragments(std::uint64_t object_id, std::string_view message,
                                        std::size_t max_blob = kMaxBlob);

/// What a Defragmenter holds at most, in bytes and objects.
struct FragmentLimits {
  std::size_t object = 4UL << 20U;  ///< one message
  std::size_t total = 8UL << 20U;   ///< all unfinished messages together
  std::size_t open_objects = 64;    ///< unfinished messages
};
/// For messages of at most limits.object.
FragmentLimits fragment_limits(const Limits& limits);

/// Puts the fragments of one receiving queue together, by object id. Cuts may fall anywhere, also
/// between two replies inside a fragment. Never allocates what a header merely claims.
class Defragmenter {
 public:
  /// `begins` is told the id of every object that begins, in the order of the bytes; may be empty.
  explicit Defragmenter(FragmentLimits limits, std::function<void(std::uint64_t)> begins = {})
      : limits_(limits), begins_(std::move(begins)) {}

  /// Messages that these bytes completed, in the order of their completion. After an error nothing
  /// more is taken. A gap between the ids of objects is not an error: `begins` shows it. Errors:
  /// - Reason::protocol, psrp.fragment_gap: a piece of an object is missing, double or out of
  ///   order, so a reply was lost
  /// - Reason::protocol, psrp.fragment_flags
  /// - Reason::parse, psrp.too_large
  Result<std::vector<std::string>> feed(std::string_view bytes);

  /// Nothing is half-way: no open object, no cut fragment.
  bool idle() const { return open_.empty() && cut_.empty(); }
  /// Bytes held for unfinished messages.
  std::size_t held() const { return held_ + cut_.size(); }

 private:
  struct Open {
    std::uint64_t next = 0;  ///< fragment id expected
    std::string bytes;
  };
  void keep_cut(std::string_view rest, std::string& joined);
  Status check(std::uint64_t object, std::uint64_t fragment, unsigned flags) const;
  Status take(std::uint64_t object, std::uint64_t fragment, unsigned flags, std::string_view blob,
              std::vector<std::string>& complete);

  FragmentLimits limits_;
  std::map<std::uint64_t, Open> open_;
  std::string cut_;  ///< the beginning of a fragment whose rest is to come
  std::size_t held_ = 0;
  std::function<void(std::uint64_t)> begins_;
  bool broken_ = false;
};

}  // namespace sfb::psrp
