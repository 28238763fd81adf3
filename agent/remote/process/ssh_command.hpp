// The command line that reaches an ssh server's subsystem, as strict as ssh can be made.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sfb::remote {

/// Where to go and as whom. Checked by the configuration: no value begins with a hyphen or has
/// what ssh_config(5) would expand or split.
struct SshTarget {
  std::string host;  ///< a DNS name or an IP address, without brackets
  std::uint16_t port = 22;
  std::string user;
  std::string identity_file;     ///< absolute; may have blanks
  std::string known_hosts_file;  ///< absolute; may have blanks
  std::string subsystem;
  /// Further options of ssh_config(5). They cannot undo what the agent sets: of an option given
  /// twice ssh takes the first, but for the two time-outs, where these take the agent's place.
  std::vector<std::pair<std::string, std::string>> options;
};

/// The program and its arguments, for an exec without a shell. ssh then reads no configuration
/// file, never asks, accepts only host keys of `known_hosts_file`, offers only the key of
/// `identity_file`, forwards nothing, shares no connection, and passes bytes as they are. Pure;
/// never fails.
std::vector<std::string> ssh_command(const SshTarget& target);

}  // namespace sfb::remote
