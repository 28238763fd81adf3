// How old the content of an export is, and whether it still counts: the rules of transports `file`
// and `push` about dates and clocks.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/time.hpp"
#include "agent/remote/file/export_file.hpp"
#include "agent/remote/reply.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {

/// Content whose date is further ahead of our clock is used, but noted; still further, not used.
inline constexpr std::chrono::minutes kNotedSkew{5};
inline constexpr std::chrono::hours kMostSkew{1};

/// What an export held when it was read. Immutable.
struct Content {
  PackedPtr result;
  WallTime date{};     ///< the content's own, else the file's; perhaps ahead of our clock
  WallTime made_at{};  ///< the same, but not after the first sight of it
  Micros ahead{0};     ///< how far `date` was ahead of our clock at its first sight, not below 0
  std::chrono::nanoseconds age{0};  ///< when it was read: not below the time since that sight
  MonoTime read_at{};               ///< ages grow from here by the monotonic clock
  ExportFormat format = ExportFormat::clixml;
  std::size_t bytes = 0;
  std::string culture = {};        ///< Export's
  std::string text_left_out = {};  ///< Export's
};

/// When the last dates of one export were seen first: content that comes anew stays as old as it
/// is. Thread rule: a value of one owner.
class Sightings {
 public:
  static constexpr std::size_t kMost = 16;

  /// Content with its date set is dated as what was read now: made_at, ahead, age and read_at.
  void date(Content& content, Now now);
  /// Another process saw this date first, at `seen`.
  void recall(WallTime date, WallTime seen, Now now);

 private:
  // The first sight of a date.
  struct Sighting {
    WallTime date;
    Now seen;
    std::chrono::nanoseconds age{0};  // then, by date and clock
  };
  std::vector<Sighting> known_;
};

/// How a transport speaks of its exports.
struct DatedWords {
  std::string what;  ///< `/srv/sfb/a.clixml`, the subject of messages
  std::string_view too_old;
  std::string_view clock_skew;
  std::string_view text_left_out;
  std::string_view remedy_of_age;
};

/// The reply that the content is now. Reason::stale, stage query, codes of `words`, where it is
/// older than `max_age` or dated over an hour ahead. Over 5 minutes ahead it has a note.
Result<Reply> judge(const Content& content, const DatedWords& words,
                    std::chrono::milliseconds max_age, Now now);

/// `3m ahead of this machine's clock`.
std::string ahead_text(Micros ahead);

/// `clixml` or `json`.
std::string_view name_of(ExportFormat format);

}  // namespace sfb::remote
