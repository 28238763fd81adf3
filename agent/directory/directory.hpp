// Names of groups become SIDs: the global catalog of the forest is asked. Blocks.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/directory/connection.hpp"
#include "agent/directory/match.hpp"
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

/// What is known of one name.
struct Answer {
  std::string name;  ///< as it was asked
  Result<Match> match;
};

/// What one server said.
struct Answers {
  std::string server;
  std::vector<Answer> names;
  std::vector<Error> passed_over;  ///< of servers that were asked before it
};

/// Thread rule: one thread at a time, not the loop's.
class Directory {
 public:
  explicit Directory(Options options);

  /// Asks the servers in order until one answers for all names. An error is that of the last
  /// server; an account that is refused is not tried at the next one. Takes kTime for each at the
  /// most, and what gss::Credentials waits for a KDC. `password` absent: keytab or cache.
  Result<Answers> look_up(const std::shared_ptr<const Secret>& password,
                          const std::vector<std::string>& names, WallTime now);

  static constexpr std::chrono::seconds kTime{20};

 private:
  Result<Answers> ask(const Server& server, const std::shared_ptr<const Secret>& password,
                      const std::vector<std::string>& names, WallTime now);
  Result<std::vector<Domain>> domains(const Server& server,
                                      const std::shared_ptr<const Secret>& password, WallTime now,
                                      Connection::Steady::time_point until);

  Options options_;
  gss::Credentials credentials_;
};

}  // namespace sfb::directory
