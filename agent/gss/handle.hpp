// A credential that contexts are made with: Kerberos over a MEMORY cache, or NTLM.
#pragma once

#include "agent/base/error.hpp"
#include "agent/base/secret.hpp"
#include "agent/base/time.hpp"
#include "agent/gss/account.hpp"
#include "agent/gss/gssapi.hpp"
#include "agent/gss/krb5.hpp"
#include "agent/gss/status.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sfb::gss {

using Facts = std::vector<std::pair<std::string, std::string>>;

/// Told before a KDC is asked: for whom and what, and where its addresses will stand.
using OnAsk = std::function<void(const Circumstances&, std::shared_ptr<const Krb5Trace>)>;

/// Where a service's ticket comes from: `both` is the cache, else the KDC.
enum class From : std::uint8_t { cache, both, kdc };

/// What belongs to a handle of Kerberos; of one thread at a time.
struct Tickets {
  explicit Tickets(std::unique_ptr<Krb5> library) : krb5(std::move(library)), cache(*krb5) {}

  std::unique_ptr<Krb5> krb5;
  Krb5OwnCache cache;             ///< MEMORY
  Circumstances of;               ///< principal and realm
  WallTime ends;                  ///< of the ticket-granting ticket, by this machine's clock
  std::chrono::seconds ahead{0};  ///< the KDC's clock against ours
};

/// Thread rule: any thread, one at a time: `lock` is held by a thread that uses its credential.
class Handle {
 public:
  /// Reason::internal, code `auth.no_mechanism`: GSSAPI does not take the cache.
  static Result<std::shared_ptr<Handle>> of_kerberos(std::unique_ptr<Tickets> tickets);
  /// `name` as ntlm_name_of gives it; with `spnego`, contexts are SPNEGO's. Reason::internal, code
  /// `auth.no_mechanism`.
  static Result<std::shared_ptr<Handle>> of_ntlm(const std::string& name, const Secret& password,
                                                 bool spnego);
  ~Handle();

  /// The ticket for the service. One who waits for the KDC keeps nobody else from the handle, and a
  /// new ticket takes the old one's place only when it is there. Its facts: `spn`, `ticket`,
  /// `enctype`, `kdcs`; also behind an error. Errors: status.hpp, step `ticket`. Precondition:
  /// Kerberos; `lock` is not held.
  Status get_ticket(const Service& service, Facts& facts, From from = From::both,
                    const OnAsk& on_ask = {});

  /// For contexts of the mechanism itself, and for those of SPNEGO, which then offers it alone.
  gss_cred_id_t credential(bool spnego) const { return spnego ? spnego_.get() : raw_.get(); }
  /// Absent: NTLM.
  const Tickets* tickets() const { return tickets_.get(); }
  [[nodiscard]] std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex_); }

 private:
  explicit Handle(std::unique_ptr<Tickets> tickets);
  Status ask_for_ticket(const Service& service, const Circumstances& of, Facts& facts, bool anew,
                        const OnAsk& on_ask);
  std::string cache_name() const;

  std::mutex mutex_;
  std::unique_ptr<Tickets> tickets_;  // the credentials below point into its cache
  Credential raw_;
  Credential spnego_;
};

}  // namespace sfb::gss
