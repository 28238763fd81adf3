// What a reload compares of an endpoint: settings as values, so that neither layout nor order of
// the configuration files counts.
#pragma once

#include "agent/base/any_comparable.hpp"
#include "agent/base/file_in_hand.hpp"
#include "config/settings.hpp"

#include <sys/types.h>

#include <ctime>
#include <map>
#include <string>

namespace sfb::app {

/// What an endpoint asks and as whom. Another value is another source of answers, whose states are
/// not those known so far.
AnyComparable endpoint_identity(const config::Endpoint& endpoint, const config::Settings& settings);

/// The same as a digest that is equal in every process: what is kept of its pools comes back while
/// it stays. It holds no secret.
std::string endpoint_source(const config::Endpoint& endpoint, const config::Settings& settings);

/// Everything that an endpoint's transport is made of: while it is equal, a reload keeps it.
AnyComparable endpoint_settings(const config::Endpoint& endpoint, const config::Settings& settings);

/// Which file it is now: another one in its place is another mark.
struct FileMark {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  time_t seconds = 0;
  long nanoseconds = 0;

  bool operator==(const FileMark&) const = default;
};
/// Of the private keys of ssh endpoints, by path; one that is not there has none. ssh itself reads
/// them; keys lock no accounts, so that they are not to be held in memory for a closer look.
using KeyMarks = std::map<std::string, FileMark>;
/// Blocks. Thread rule: any thread.
KeyMarks key_marks(const config::Settings& settings, FileInHand& hand);

/// What of its settings decides whether its servers let us in (engine::EndpointOptions::terms): all
/// but limits and names, users without case; with it, which file an ssh key is.
AnyComparable endpoint_terms(const config::Endpoint& endpoint, const config::Settings& settings,
                             const KeyMarks& keys = {});

/// The name of the account that an endpoint logs on with (engine::EndpointOptions::account): two
/// entries with one user, whatever its case, and one password file are one account. Empty: none.
std::string endpoint_account(const config::Endpoint& endpoint, const config::Settings& settings);

}  // namespace sfb::app
