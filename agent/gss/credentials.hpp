// The tickets of one endpoint: a credential handle over a MEMORY cache of its own.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/handle.hpp"

#include <chrono>
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
  /// A KDC that fails only after this is a silent one; waiting for it again is left to `refresh`.
  static constexpr std::chrono::seconds kSilent{3};

  explicit Credentials(Account account, std::chrono::nanoseconds silent = kSilent);
  ~Credentials();
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;

  /// The Kerberos handle: the one there is while its ticket lasts and the password, the keytab or
  /// the given cache is still the same; else a new one. Never the default cache. What a silent KDC
  /// or a refusal in `refresh` said is said again at once for a minute; where NTLM may follow, a
  /// silent KDC is from then on asked by `refresh` alone.
  /// `password` absent: keytab or cache. Errors: status.hpp, step `logon`.
  Result<std::shared_ptr<Handle>> kerberos(const std::shared_ptr<const Secret>& password,
                                           WallTime now);
  /// The ticket for a service (handle.hpp), `anew` with a new one: the old one is used on where no
  /// KDC answers. A silent KDC is remembered as above. Its facts and errors: Handle::get_ticket.
  Status ticket(Handle& handle, const Service& service, bool anew, WallTime now, Facts& facts);

  /// There is something to `refresh`: the ticket nears its end, or a silent KDC is due.
  bool due(WallTime now) const;
  /// Asks the KDC for what is due; nothing where another thread does. Nobody should wait for it.
  void refresh(WallTime now);

  /// The NTLM handle, for contexts of SPNEGO or of NTLM itself, the same one while the password is;
  /// asks nobody. Reason::internal, code
  /// `auth.no_mechanism`: gss-ntlmssp is not installed (remedy: the package's name).
  Result<std::shared_ptr<Handle>> ntlm(const std::shared_ptr<const Secret>& password, bool spnego);

  /// What the last call of `kerberos` found out, also behind an error; handle.hpp and logon.hpp say
  /// which.
  Facts facts() const;
  /// What is known of a request to a KDC that is under way: `principal`, `spn`, `logon_kdcs` or
  /// `kdcs`; else facts().
  Facts progress() const;
  /// When the ticket-granting ticket ends; none: there is none.
  std::optional<WallTime> ticket_ends() const;
  const Account& account() const { return account_; }

 private:
  class Impl;
  Result<std::shared_ptr<Handle>> log_on_now(const std::shared_ptr<const Secret>& password,
                                             const Result<std::string>& source, WallTime now);
  Result<std::shared_ptr<Handle>> make_handle(const std::shared_ptr<const Secret>& password,
                                              const Result<std::string>& source, WallTime now,
                                              Facts& facts);
  Status ask_for_ticket(Handle& handle, const Service& service, From from, WallTime now,
                        Facts& facts);
  Account account_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sfb::gss
