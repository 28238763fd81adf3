// A real MIT KDC of the realm LITWAREINC.COM on a free loopback port, with a few accounts.
#pragma once

#include "agent/gss/krb5_conf.hpp"

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace sfb::gss::testing {

inline constexpr const char* kRealm = "LITWAREINC.COM";
inline constexpr const char* kPassword = "Al1ce-pw";

/// Accounts: alice (password kPassword); svc (client.keytab); `alice@corp.example` as an enterprise
/// name; disabled, expired, must-change with kPassword. Services, all in server.keytab:
/// HTTP/fe-001.litwareinc.com (AES256), HTTP/aes128., HTTP/sha2., HTTP/sha128., HTTP/rc4.
class Kdc {
 public:
  /// Makes the database and starts the server. `offset` as faketime takes it (`+20m`); empty: none.
  explicit Kdc(std::string offset = {});
  ~Kdc();
  Kdc(const Kdc&) = delete;
  Kdc& operator=(const Kdc&) = delete;

  void start();
  void stop();
  /// It takes connections and does not answer, until `resume`.
  void pause() const;
  void resume() const;
  /// A command of kadmin.local.
  void admin(const std::string& command) const;
  /// A program of krb5-user, as this realm's client.
  void client(const std::vector<std::string>& argv) const { run(argv); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string address() const;
  /// What the configuration of the agent says of it.
  std::vector<Realm> realms() const;

 private:
  void run(const std::vector<std::string>& argv) const;
  std::vector<std::string> environment() const;

  std::filesystem::path folder_;
  std::string offset_;
  int port_ = 0;
  pid_t pid_ = -1;
};

/// A loopback port that nobody listens on, kept for this program: bound and never listening, so
/// that a server with SO_REUSEADDR may listen on it, and nobody else gets it.
int free_port();

}  // namespace sfb::gss::testing
