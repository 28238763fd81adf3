// Cookies that a server sets, sent back to it: load balancers keep a client on one node that way.
// Pure; time comes in as an argument.
#pragma once

#include "agent/base/time.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::remote {

/// Those of one server, as long as a session with it lasts. They name a node or a session, so they
/// are shown nowhere. Thread rule: one owner.
class Cookies {
 public:
  static constexpr std::size_t kMost = 32;       ///< a further one takes the place of the oldest
  static constexpr std::size_t kLongest = 4096;  ///< name and value
  static constexpr std::size_t kMostSent =
      8192;  ///< bytes of all; Windows takes 16 KiB of a header

  /// The Set-Cookie values of an answer. One that is too long, is for https alone (`tls` false) or
  /// for another path than `path` is left out; one that has ended (Max-Age, Expires) is forgotten.
  void take(std::span<const std::string> set_cookie, bool tls, std::string_view path, WallTime now);
  /// The value of Cookie; empty: there are none.
  std::string header() const;
  void clear() { all_.clear(); }

 private:
  struct Cookie {
    std::string name;
    std::string value;
  };
  std::vector<Cookie> all_;  ///< the oldest first
};

/// A date as cookies have it: a day, a month's name, a year and a time in any order (RFC 6265
/// 5.1.1). True: it is not after `now`. False where it is, or is no date.
bool cookie_date_passed(std::string_view text, WallTime now);

}  // namespace sfb::remote
