#include "agent/gss/credentials.hpp"

#include "agent/base/time.hpp"
#include "agent/gss/logon.hpp"

#include <fmt/format.h>

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
// So long a silent KDC is not asked again, and a refusal is not tried again.
constexpr std::chrono::minutes kPause{1};

bool unreachable(const Error& error) {
  return error.reason == Reason::connect || error.reason == Reason::dns ||
         error.reason == Reason::timeout;
}

}  // namespace

class Credentials::Impl {
 public:
  using Password = std::shared_ptr<const Secret>;
  using Source = Result<std::string>;
  using Outcome = Result<std::shared_ptr<Handle>>;

  /// A KDC that said nothing for a long time.
  struct Silence {
    Error error;
    WallTime since;
    std::optional<Service> service = {};  ///< what was asked for; none: the account's own ticket
  };
  /// A request to a KDC.
  struct Asking {
    Circumstances of;
    std::shared_ptr<const Krb5Trace> trace;
  };

  Impl(bool ntlm_may_follow, std::chrono::nanoseconds silent)
      : other_way(ntlm_may_follow), silent_after(silent) {}

  /// What was tried last was tried with these. A source that cannot be read now is no other one.
  bool same(const Password& wanted, const Source& now) const {
    return (!now || *now == source) &&
           (wanted == password || (wanted && password && wanted->reveal() == password->reveal()));
  }
  /// There is a ticket of these that still lasts.
  bool lasts(const Password& wanted, const Source& source_now, WallTime now) const {
    return handle && same(wanted, source_now) && now < handle->tickets()->ends;
  }
  /// What can be said without asking; none: somebody must ask.
  std::optional<Outcome> answer(const Password& wanted, const Source& source_now, WallTime now) {
    if (lasts(wanted, source_now, now)) {
      return handle;
    }
    if (!same(wanted, source_now)) {
      return std::nullopt;
    }
    if (refused && (untold || now < refused_until)) {
      refused_until = std::exchange(untold, false) ? now + kPause : refused_until;
      return std::unexpected(*refused);
    }
    if (auto said = silence_said(now); said && !silence->service) {
      return std::unexpected(std::move(*said));
    }
    return std::nullopt;
  }
  std::optional<Error> silence_said(WallTime now) const {
    if (!silence || (!other_way && now >= silence->since + kPause)) {
      return std::nullopt;
    }
    Error error = silence->error;
    const Micros age = std::max(now - silence->since, Micros(0));
    error.message += fmt::format(
        "; asked {} ago", format_duration(std::chrono::duration_cast<std::chrono::seconds>(age)));
    return error;
  }
  bool silence_due(WallTime now) const {
    return silence && other_way && now >= silence->since + kPause;
  }
  OnAsk hears() {
    return [this](const Circumstances& of, std::shared_ptr<const Krb5Trace> trace) {
      const std::scoped_lock here(known);
      asking_now = {of, std::move(trace)};
    };
  }

  const bool other_way;
  const std::chrono::nanoseconds silent_after;
  std::mutex asking;         ///< one logon at a time
  mutable std::mutex known;  ///< of all below
  std::shared_ptr<Handle> handle;
  std::optional<Error> refused;  ///< by the last logon
  bool untold = false;           ///< by `refresh`: nobody has heard it yet
  WallTime refused_until;        ///< until then it is said again
  std::optional<Silence> silence;
  std::optional<Asking> asking_now;  ///< the newest
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

Credentials::Credentials(Account account, std::chrono::nanoseconds silent)
    : account_(std::move(account)),
      impl_(std::make_unique<Impl>(account_.method == Method::negotiate && account_.allow_ntlm,
                                   silent)) {}

Credentials::~Credentials() = default;

Result<std::shared_ptr<Handle>> Credentials::kerberos(const std::shared_ptr<const Secret>& password,
                                                      WallTime now) {
  const auto source = source_of(account_);
  {
    const std::scoped_lock here(impl_->known);
    if (auto said = impl_->answer(password, source, now)) {
      return std::move(*said);
    }
  }
  std::unique_lock one(impl_->asking, std::try_to_lock);
  if (!one.owns_lock()) {
    one.lock();
    const std::scoped_lock here(impl_->known);
    if (auto said = impl_->answer(password, source, now)) {
      return std::move(*said);
    }
    // What was just refused is not tried again: each try brings a lock-out nearer.
    if (impl_->refused && impl_->same(password, source)) {
      return std::unexpected(*impl_->refused);
    }
  }
  return log_on_now(password, source, now);
}

Result<std::shared_ptr<Handle>> Credentials::log_on_now(
    const std::shared_ptr<const Secret>& password, const Result<std::string>& source,
    WallTime now) {
  Facts facts;
  const auto began = std::chrono::steady_clock::now();
  auto made = make_handle(password, source, now, facts);
  const auto took = std::chrono::steady_clock::now() - began;
  const std::scoped_lock here(impl_->known);
  impl_->asking_now.reset();
  if (!made && made.error().reason != Reason::auth && impl_->lasts(password, source, now)) {
    impl_->next_try = now + kPause;
    return impl_->handle;
  }
  impl_->facts = std::move(facts);
  impl_->password = password;
  impl_->source = source.value_or("");
  impl_->handle = made.value_or(nullptr);
  impl_->refused.reset();
  impl_->untold = false;
  impl_->refused_until = {};
  impl_->silence.reset();
  if (!made) {
    if (made.error().reason == Reason::auth) {
      impl_->refused = made.error();
    } else if (unreachable(made.error()) && took >= impl_->silent_after) {
      impl_->silence = {.error = made.error(), .since = now + ceil<Micros>(took)};
    }
    return made;
  }
  const Micros left = impl_->handle->tickets()->ends - now;
  impl_->next_try = now + std::max<Micros>(left - kAhead, left - left / 4);
  return impl_->handle;
}

Result<std::shared_ptr<Handle>> Credentials::make_handle(
    const std::shared_ptr<const Secret>& password, const Result<std::string>& source, WallTime now,
    Facts& facts) {
  if (!source) {
    return std::unexpected(source.error());
  }
  auto tickets = log_on(account_, password.get(), now, facts, impl_->hears());
  if (!tickets) {
    return std::unexpected(std::move(tickets.error()));
  }
  return Handle::of_kerberos(std::move(*tickets));
}

Status Credentials::ticket(Handle& handle, const Service& service, bool anew, WallTime now,
                           Facts& facts) {
  std::optional<Error> silent;
  {
    const std::scoped_lock here(impl_->known);
    silent = impl_->silence_said(now);
  }
  Status got = silent ? std::unexpected(std::move(*silent))
                      : ask_for_ticket(handle, service, anew ? From::kdc : From::both, now, facts);
  if (got || !unreachable(got.error()) || (!anew && !silent)) {
    return got;
  }
  Facts old;
  const bool there = handle.get_ticket(service, old, From::cache).has_value();
  if (there || silent) {
    facts = std::move(old);
  }
  return there ? Status() : got;
}

Status Credentials::ask_for_ticket(Handle& handle, const Service& service, From from, WallTime now,
                                   Facts& facts) {
  const auto began = std::chrono::steady_clock::now();
  Status got = handle.get_ticket(service, facts, from, impl_->hears());
  const auto took = std::chrono::steady_clock::now() - began;
  const std::scoped_lock here(impl_->known);
  impl_->asking_now.reset();
  if (!got && unreachable(got.error()) && took >= impl_->silent_after) {
    impl_->silence = {.error = got.error(), .since = now + ceil<Micros>(took), .service = service};
  } else if (got && impl_->silence && impl_->silence->service) {
    impl_->silence.reset();
  }
  return got;
}

bool Credentials::due(WallTime now) const {
  const std::scoped_lock here(impl_->known);
  return impl_->silence_due(now) || (impl_->handle && now >= impl_->next_try);
}

void Credentials::refresh(WallTime now) {
  const std::unique_lock one(impl_->asking, std::try_to_lock);
  if (!one.owns_lock() || !due(now)) {
    return;
  }
  std::shared_ptr<const Secret> password;
  std::shared_ptr<Handle> handle;
  std::optional<Service> service;
  {
    const std::scoped_lock here(impl_->known);
    password = impl_->password;
    if (impl_->silence_due(now) && impl_->silence->service) {
      service = impl_->silence->service;
      handle = impl_->handle;
    }
  }
  if (service && handle && now < handle->tickets()->ends) {
    Facts facts;
    static_cast<void>(ask_for_ticket(*handle, *service, From::both, now, facts));
    return;
  }
  const auto made = log_on_now(password, source_of(account_), now);
  if (!made && made.error().reason == Reason::auth) {
    // The engine must hear of it before the account is tried again.
    const std::scoped_lock here(impl_->known);
    impl_->untold = true;
  }
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

Facts Credentials::progress() const {
  const std::scoped_lock here(impl_->known);
  if (!impl_->asking_now) {
    return impl_->facts;
  }
  const auto& [of, trace] = *impl_->asking_now;
  Facts facts = {{"principal", of.principal}};
  if (!of.spn.empty()) {
    facts.emplace_back("spn", of.spn);
  }
  if (std::string kdcs = trace->kdcs(); !kdcs.empty()) {
    facts.emplace_back(of.spn.empty() ? "logon_kdcs" : "kdcs", std::move(kdcs));
  }
  return facts;
}

std::optional<WallTime> Credentials::ticket_ends() const {
  const std::scoped_lock here(impl_->known);
  return impl_->handle ? std::optional(impl_->handle->tickets()->ends) : std::nullopt;
}

}  // namespace sfb::gss
