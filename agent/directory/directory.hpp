// Names of groups become SIDs: the global catalog of the forest is asked. Blocks.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/directory/connection.hpp"
#include "agent/directory/turns.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/credentials.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::directory {

struct Options {
  std::vector<Server> servers;  ///< in the order in which they are asked; not empty
  gss::Account account;         ///< of method kerberos

  bool operator==(const Options&) const = default;
};

/// Thread rule: one thread at a time, not the loop's.
class Directory {
 public:
  explicit Directory(Options options);

  /// Asks the servers in order (ask_in_turn). Reason::auth is the KDC's word about the account
  /// alone. Takes kTime for each server at the most, and what gss::Credentials waits for a KDC.
  /// `password` absent: keytab or cache.
  Result<Answers> look_up(const std::shared_ptr<const Secret>& password,
                          const std::vector<std::string>& names, WallTime now);

  static constexpr std::chrono::seconds kTime{20};

 private:
  Result<std::vector<Answer>> ask(const Server& server,
                                  const std::shared_ptr<const Secret>& password,
                                  const std::vector<std::string>& names, WallTime now);
  Result<std::vector<Domain>> domains(const Server& server,
                                      const std::shared_ptr<const Secret>& password, WallTime now,
                                      Connection::Steady::time_point until);

  Options options_;
  gss::Credentials credentials_;
};

}  // namespace sfb::directory
