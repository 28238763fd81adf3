#include "agent/gss/credentials.hpp"

#include "agent/gss/logon.hpp"

#include <algorithm>
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
  /// The ticket at hand is of this password and source.
  bool fits(const std::shared_ptr<const Secret>& password, const Result<std::string>& source) const;
  bool lasts(WallTime now) const { return now < handle->tickets()->ends; }

  mutable std::mutex asking;  ///< one logon at a time
  mutable std::mutex known;   ///< of what is below it
  std::shared_ptr<Handle> handle;
  Facts facts;
  // Of the handle; under `asking` alone.
  std::shared_ptr<const Secret> password;
  std::string source;
  WallTime next_try;
};

bool Credentials::Impl::fits(const std::shared_ptr<const Secret>& wanted,
                             const Result<std::string>& now) const {
  // A source that cannot be read at the moment is no other one.
  if (!handle || (now && *now != source)) {
    return false;
  }
  return wanted == password || (wanted && password && wanted->reveal() == password->reveal());
}

Credentials::Credentials(Account account)
    : account_(std::move(account)), impl_(std::make_unique<Impl>()) {}

Credentials::~Credentials() = default;

Result<std::shared_ptr<Handle>> Credentials::kerberos(const std::shared_ptr<const Secret>& password,
                                                      WallTime now) {
  const std::scoped_lock one(impl_->asking);
  const auto source = source_of(account_);
  const bool fits = impl_->fits(password, source);
  if (fits && impl_->lasts(now) && now < impl_->next_try) {
    return impl_->handle;
  }
  Facts facts;
  auto made = [&]() -> Result<std::shared_ptr<Handle>> {
    if (!source) {
      return std::unexpected(source.error());
    }
    auto tickets = log_on(account_, password.get(), now, facts);
    if (!tickets) {
      return std::unexpected(std::move(tickets.error()));
    }
    return Handle::of_kerberos(std::move(*tickets));
  }();
  const std::scoped_lock here(impl_->known);
  if (!made) {
    impl_->next_try = now + kPause;
    if (fits && impl_->lasts(now) && made.error().reason != Reason::auth) {
      return impl_->handle;
    }
    impl_->facts = std::move(facts);
    impl_->handle.reset();
    return made;
  }
  impl_->facts = std::move(facts);
  impl_->handle = std::move(*made);
  impl_->password = password;
  impl_->source = *source;
  const WallTime ends = impl_->handle->tickets()->ends;
  impl_->next_try =
      std::max(ends - std::min<Micros>(kAhead, (ends - now) / 4), now + (ends - now) / 4);
  return impl_->handle;
}

Result<std::shared_ptr<Handle>> Credentials::ntlm(const std::shared_ptr<const Secret>& password) {
  auto name = ntlm_name_of(account_);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  if (!password || password->empty()) {
    return fail(Reason::internal, "auth.password", "NTLM has no password for this account",
                "give the credential a password_file");
  }
  return Handle::of_ntlm(*name, *password);
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
