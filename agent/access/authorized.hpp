// The groups whose members may run the cmdlet. Pure.
#pragma once

#include "agent/access/caller.hpp"
#include "agent/identity/sid.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::access {

/// The group that the cmdlet always admits.
inline constexpr std::string_view kServerAdmins = "RTCUniversalServerAdmins";

/// A group that a directory knows.
struct GroupSid {
  std::string name;  ///< as it is configured
  identity::Sid sid;

  bool operator==(const GroupSid&) const = default;
};

/// RTCUniversalServerAdmins, and the groups of `authorized_universal_groups`. Immutable: a changed
/// one is another object. Thread rule: any thread.
class Authorized {
 public:
  /// `configured`: names, with or without `DOMAIN\`, or SIDs. `known`: the SIDs of some of the
  /// names; those of other names grant nothing.
  explicit Authorized(const std::vector<std::string>& configured,
                      const std::vector<GroupSid>& known = {});

  /// Whether the caller is in one of the groups. Names are compared without case; one that is
  /// configured without a domain is that group of any domain. SIDs are compared by value. A group
  /// of a ticket is a SID, so a name admits its members only while its SID is known.
  bool admits(const Caller& caller) const;

  /// The names, RTCUniversalServerAdmins first, each once.
  const std::vector<std::string>& names() const { return names_; }
  /// Those without a SID.
  std::vector<std::string> unresolved() const;
  /// For messages: `RTCUniversalServerAdmins, CSAdministrator and 2 groups given by SID`.
  std::string text() const;

 private:
  std::vector<std::string> names_;
  std::vector<bool> resolved_;       ///< of each name
  std::vector<identity::Sid> sids_;  ///< sorted, each once
  std::size_t by_sid_ = 0;           ///< how many groups are given by SID
};

}  // namespace sfb::access
