// The server's side of one security context: Kerberos and NTLM through GSSAPI, sealed messages.
#pragma once

#include "tests/simulator/scenario.hpp"

#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>

namespace sim {

/// What a context is accepted with.
struct AcceptorRules {
  std::string keytab;                        ///< empty: no Kerberos
  std::map<std::string, std::string> users;  ///< of NTLM; empty: no NTLM
  std::string bindings;                      ///< of this connection; empty: none are looked at
  bool must_be_bound = false;
};

/// Thread rule: one thread in the process, because NTLM's users go through the environment.
class Acceptor {
 public:
  /// `scheme`: the word of the Authorization header. The error says what there is no mechanism for.
  static std::expected<std::unique_ptr<Acceptor>, std::string> begin(const std::string& scheme,
                                                                     AcceptorRules rules);
  virtual ~Acceptor() = default;

  struct Answer {
    enum class State : std::uint8_t { more, done, refused } state = State::refused;
    std::string token;
    std::string why;  ///< refused
  };
  /// A token of the client. Precondition: the last answer was `more`, or there was none.
  virtual Answer take(const std::string& token) = 0;

  /// What is known of the client: `method` (kerberos, ntlm), `user`, `target`, `enctype` of
  /// Kerberos, `bound` (true, false).
  virtual const std::map<std::string, std::string>& facts() const = 0;
  bool kerberos() const;

  struct Sealed {
    std::string signature;
    std::string text;
  };
  /// `plainly`: Kerberos by gss_wrap, as some servers do, else as Windows does. Precondition: done.
  virtual std::expected<Sealed, std::string> wrap(const std::string& plain, bool plainly) = 0;
  /// Kerberos only in the form of Windows: the signature is a header of its own.
  virtual std::expected<std::string, std::string> unwrap(Sealed sealed) = 0;
};

/// The channel bindings `tls-server-end-point` (RFC 5929) of a PEM certificate; empty: its
/// signature has no hash. An error text when it cannot be read.
std::expected<std::string, std::string> channel_bindings(const std::string& certificate);

}  // namespace sim
