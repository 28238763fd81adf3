// Which server is asked for which names, and whose answer counts. Pure: what asks a server comes
// in.
#pragma once

#include "agent/base/error.hpp"
#include "agent/directory/group_name.hpp"
#include "agent/directory/match.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace sfb::directory {

/// What is known of one name.
struct Answer {
  std::string name;  ///< as it was asked
  Result<Match> match;

  /// The directory, or the name itself, says so. Else nobody could be asked: the error is why, and
  /// what was known before is as good as it was.
  bool said() const {
    return match || match.error().reason == Reason::not_found ||
           match.error().reason == Reason::parse;
  }
};

/// What a look-up found out.
struct Answers {
  std::string server;              ///< the first that answered
  std::vector<Answer> names;       ///< in the order in which they were asked
  std::vector<Error> passed_over;  ///< of servers that answered for no name

  /// There is an answer for each name.
  bool whole() const;
};

/// How one server is asked.
struct Questions {
  /// The groups of that account name in all domains. `directory.search` is about this name alone;
  /// any other error is one of the connection.
  std::function<Result<std::vector<Entry>>(const GroupName&)> entries;
  /// Asked once at most, behind all others: it is another connection, which may be closed or slow.
  std::function<Result<std::vector<Domain>>()> domains;
};

/// One server is asked. A question that fails costs the names that need it their answer, and no
/// other. An error: the connection has failed, or there is an answer for none of the names.
Result<std::vector<Answer>> ask_server(const std::vector<std::string>& names,
                                       const Questions& questions);

/// The servers in order, each for the names that none before it has answered. An error is that of
/// the last server, where none answered. After Reason::auth no further one is asked: the account is
/// refused, and each try brings a lock-out nearer.
Result<Answers> ask_in_turn(const std::vector<std::string>& servers,
                            const std::vector<std::string>& names,
                            const std::function<Result<std::vector<Answer>>(
                                std::size_t server, const std::vector<std::string>& names)>& ask);

}  // namespace sfb::directory
