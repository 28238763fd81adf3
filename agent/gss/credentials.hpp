// The tickets of one endpoint: a credential handle over a MEMORY cache of its own.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/handle.hpp"

#include <memory>
#include <optional>
#include <string>

namespace sfb::gss {

/// Of one endpoint. Each endpoint has its own, even where the account is the same: a thread that
/// shares a handle waits for a dead KDC in spite of a cached ticket.
/// Thread rule: any thread but the loop's; calls wait for each other (`kerberos` waits for a KDC,
/// 18 to 27 s for a silent one).
class Credentials {
 public:
  explicit Credentials(Account account);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// The Kerberos handle: the one there is while its ticket lasts for a while yet and the password,
  /// the keytab or the given cache is still the same; else a new one. A ticket that still lasts is
  /// used on where a new one is to be had only later. Never the default cache.
  /// `password` absent: keytab or cache. Errors: status.hpp, step `logon`.
  Result<std::shared_ptr<Handle>> kerberos(const std::shared_ptr<const Secret>& password,
                                           WallTime now);
  /// The NTLM handle, for contexts of SPNEGO or of NTLM itself, the same one while the password is;
  /// asks nobody. Reason::internal, code
  /// `auth.no_mechanism`: gss-ntlmssp is not installed (remedy: the package's name).
  Result<std::shared_ptr<Handle>> ntlm(const std::shared_ptr<const Secret>& password, bool spnego);

  /// What the last call of `kerberos` found out, also behind an error; handle.hpp and logon.hpp say
  /// which.
  Facts facts() const;
  /// When the ticket-granting ticket ends; none: there is none.
  std::optional<WallTime> ticket_ends() const;
  const Account& account() const { return account_; }

 private:
  class Impl;
  Result<std::shared_ptr<Handle>> log_on_once(const std::shared_ptr<const Secret>& password,
                                              const Result<std::string>& source, WallTime now,
                                              Facts& facts);
  Account account_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfb::gss
