// Users with passwords (`basic_auth_users` of the web configuration): are they who they say?
#pragma once

#include "agent/access/basic_header.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/net/worker_pool.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::access {

struct User {
  std::string name;
  Secret hash;   ///< bcrypt's, well-formed
  int cost = 0;  ///< of the hash
};

/// How a login ended. `cached`: the same was asked before.
enum class Login : std::uint8_t {
  good,
  good_cached,
  bad,  ///< wrong password, or no such user: they are not told apart
  bad_cached,
  refused,  ///< not looked at: too many wait, or it took too long
};

struct BasicUsersOptions {
  std::size_t threads = 1;        ///< of the pool
  std::size_t most_waiting = 64;  ///< logins that wait for a thread
  std::size_t most_good = 256;    ///< remembered ones
  std::size_t most_bad = 1024;    ///< the same; they never take the place of a good one
  std::chrono::milliseconds patience{10'000};  ///< a login waits no longer
};

/// bcrypt runs on the pool, never on the loop. Equal logins that come meanwhile wait for the same
/// answer. Somebody unknown is compared with a dummy hash of the highest cost there is, on the same
/// way, so that neither the answer nor its time tells whether there is such a user. Passwords are
/// kept no longer than they are looked at, in memory that is wiped; nothing of one is ever logged.
/// Thread rule: loop thread; the pool is for these logins alone, and outlives the last of them.
class BasicUsers {
 public:
  BasicUsers(boost::asio::any_io_executor loop, net::WorkerPool& pool,
             BasicUsersOptions options = {});
  ~BasicUsers();
  BasicUsers(const BasicUsers&) = delete;
  BasicUsers& operator=(const BasicUsers&) = delete;

  /// From now on these, each name once. What is remembered of others, or of other passwords, is
  /// forgotten; a login that is being looked at counts only if it still holds.
  void set(std::vector<User> users);
  /// There are none: nobody has to log in.
  bool empty() const;

  /// Is it so? For a fair order: `peer` is the caller's address, `connection` its connection's
  /// number (they count up). Cancellable: a login nobody waits for is not looked at.
  boost::asio::awaitable<Login> check(Credentials credentials, std::string peer,
                                      std::uint64_t connection);

  /// How many wait for a thread, for tests and figures.
  std::size_t waiting() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sfb::access
