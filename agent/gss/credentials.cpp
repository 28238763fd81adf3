#include "agent/gss/credentials.hpp"

#include "agent/gss/logon.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <utility>

namespace sfb::gss {

namespace {

using namespace std::chrono_literals;

// A new ticket is asked for so long before the old one ends, or in its last quarter.
constexpr std::chrono::minutes kAhead{15};
// While the old ticket lasts, a KDC that does not answer is asked again after this.
constexpr std::chrono::minutes kPause{1};

}  // namespace

class Credentials::Impl {
 public:
  using Password = std::shared_ptr<const Secret>;
  using Source = Result<std::string>;

  /// What was tried last was tried with these. A source that cannot be read now is no other one.
  bool same(const Password& wanted, const Source& now) const {
    return (!now || *now == source) &&
           (wanted == password || (wanted && password && wanted->reveal() == password->reveal()));
  }
  /// There is a ticket of these that still lasts.
  bool lasts(const Password& wanted, const Source& source_now, WallTime now) const {
    return handle && same(wanted, source_now) && now < handle->tickets()->ends;
  }

  std::mutex asking;         ///< one logon at a time
  mutable std::mutex known;  ///< of all below
  std::shared_ptr<Handle> handle;
  std::optional<Error> refused;  ///< by the last logon
  Facts facts;
  Password password;
  std::string source;
  WallTime next_try;

  // Kept, because gss-ntlmssp 1.2 loses 6 KB with each credential that it makes.
  struct Ntlm {
    Password password;
    std::shared_ptr<Handle> handle;
  };
  std::array<Ntlm, 2> ntlm;
};

Credentials::Credentials(Account account)
    : account_(std::move(account)), impl_(std::make_unique<Impl>()) {}

Credentials::~Credentials() = default;

Result<std::shared_ptr<Handle>> Credentials::kerberos(const std::shared_ptr<const Secret>& password,
                                                      WallTime now) {
  const auto source = source_of(account_);
  std::unique_lock one(impl_->asking, std::try_to_lock);
  const bool waits = !one.owns_lock();
  {
    const std::scoped_lock here(impl_->known);
    if (impl_->lasts(password, source, now) && (waits || now < impl_->next_try)) {
      return impl_->handle;
    }
  }
  if (waits) {
    one.lock();
    const std::scoped_lock here(impl_->known);
    if (impl_->lasts(password, source, now)) {
      return impl_->handle;
    }
    // What was just refused is not tried again: each try brings a lock-out nearer.
    if (impl_->refused && impl_->same(password, source)) {
      return std::unexpected(*impl_->refused);
    }
  }
  Facts facts;
  auto made = log_on_once(password, source, now, facts);
  const std::scoped_lock here(impl_->known);
  if (!made && made.error().reason != Reason::auth && impl_->lasts(password, source, now)) {
    impl_->next_try = now + kPause;
    return impl_->handle;
  }
  impl_->facts = std::move(facts);
  impl_->password = password;
  impl_->source = source.value_or("");
  impl_->handle = made.value_or(nullptr);
  impl_->refused.reset();
  if (!made) {
    if (made.error().reason == Reason::auth) {
      impl_->refused = made.error();
    }
    return made;
  }
  const Micros left = impl_->handle->tickets()->ends - now;
  impl_->next_try = now + std::max<Micros>(left - kAhead, left - left / 4);
  return impl_->handle;
}

Result<std::shared_ptr<Handle>> Credentials::log_on_once(
    const std::shared_ptr<const Secret>& password, const Result<std::string>& source, WallTime now,
    Facts& facts) {
  if (!source) {
    return std::unexpected(source.error());
  }
  auto tickets = log_on(account_, password.get(), now, facts);
  if (!tickets) {
    return std::unexpected(std::move(tickets.error()));
  }
  return Handle::of_kerberos(std::move(*tickets));
}

Result<std::shared_ptr<Handle>> Credentials::ntlm(const std::shared_ptr<const Secret>& password,
                                                  bool spnego) {
  auto name = ntlm_name_of(account_);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  if (!password || password->empty()) {
    return fail(Reason::internal, "auth.password", "NTLM has no password for this account",
                "give the credential a password_file");
  }
  const std::scoped_lock here(impl_->known);
  Impl::Ntlm& kept = impl_->ntlm[spnego ? 1 : 0];
  if (kept.handle && kept.password->reveal() == password->reveal()) {
    return kept.handle;
  }
  auto made = Handle::of_ntlm(*name, *password, spnego);
  if (made) {
    kept = {.password = password, .handle = *made};
  }
  return made;
}

Facts Credentials::facts() const {
  const std::scoped_lock here(impl_->known);
  return impl_->facts;
}

std::optional<WallTime> Credentials::ticket_ends() const {
  const std::scoped_lock here(impl_->known);
  return impl_->handle ? std::optional(impl_->handle->tickets()->ends) : std::nullopt;
}

}  // namespace sfb::gss
