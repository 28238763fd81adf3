// One connection to a domain controller: Kerberos, sealed, and searches over it. Blocks.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/credentials.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sfb::directory {

struct Server {
  std::string host;  ///< of its SPN ldap/HOST; never canonicalised
  std::uint16_t port = 3268;
  /// `dc1.litwareinc.com:3268`
  std::string text() const;
  bool operator==(const Server&) const = default;
};

/// One entry that a search found.
struct Found {
  std::string dn;
  std::map<std::string, std::vector<std::string>> values;  ///< by attribute, in lower case
  /// The first value; empty: there is none.
  std::string first(const std::string& attribute) const;
};

/// What is asked.
struct Search {
  enum class Scope : std::uint8_t { base, below, tree };
  std::string base;
  Scope scope = Scope::tree;
  std::string filter;
  std::vector<std::string> attributes;
};

/// Thread rule: one thread at a time, not the loop's. Referrals are not followed, ldap.conf has no
/// say, no name is looked up backwards.
class Connection {
 public:
  using Steady = std::chrono::steady_clock;

  /// Connects, and logs on with the ticket of `credentials` for ldap/HOST. What is read or written
  /// later is sealed with keys of 128 bits at least. `until`: when it must be done. Errors, besides
  /// those of gss::Credentials, of which `kerberos` alone gives Reason::auth here:
  /// - connect, `directory.connect`: nobody answers
  /// - timeout, `directory.timeout`
  /// - protocol, `directory.refused`: the server refuses the login; its words are the peer's text
  /// - protocol, `directory.unsealed`: it does not seal, or too weakly
  /// - protocol, `directory.answer`: what it says cannot be understood
  static Result<std::unique_ptr<Connection>> open(const Server& server,
                                                  gss::Credentials& credentials,
                                                  const std::shared_ptr<const Secret>& password,
                                                  WallTime now, Steady::time_point until);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// At most kMostFound entries. Errors: `directory.timeout`, `directory.answer`, and protocol,
  /// `directory.search`: the server refuses the search.
  Result<std::vector<Found>> search(const Search& search, Steady::time_point until);

  static constexpr int kMostFound = 500;

 private:
  struct Impl;
  explicit Connection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfb::directory
