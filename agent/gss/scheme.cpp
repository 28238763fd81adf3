#include "agent/gss/scheme.hpp"

#include "agent/auth/challenge.hpp"
#include "agent/auth/sealed_body.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"
#include "agent/gss/gss_scheme.hpp"
#include "agent/gss/ntlm_challenge.hpp"
#include "agent/gss/sealing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::gss {

namespace {

constexpr std::string_view kKerberos = "Kerberos";
constexpr std::string_view kNtlm = "NTLM";
// What http.sys takes of a header unless it is told otherwise, and at the most.
constexpr std::size_t kUsualHeader = 16384;
constexpr std::size_t kMostHeader = 65534;
// The beginning of a token tells its kind alone.
constexpr std::size_t kHarmless = 64;

bool offers(GssScheme::Challenges challenges, std::string_view scheme) {
  return auth::find_challenge(challenges, scheme).has_value();
}

}  // namespace

GssScheme::GssScheme(std::shared_ptr<Credentials> credentials, SchemeOptions options,
                     auth::Peer peer, const Clock& clock)
    : credentials_(std::move(credentials)),
      options_(std::move(options)),
      peer_(std::move(peer)),
      clock_(clock),
      ntlm_(credentials_->account().method == Method::ntlm) {
  if (options_.service.host.empty()) {
    options_.service.host = peer_.host;
  }
}

bool GssScheme::sealing() const {
  return options_.encryption == Encryption::always ||
         (options_.encryption == Encryption::automatic && !peer_.tls);
}

bool GssScheme::may_use_ntlm() const {
  const Account& account = credentials_->account();
  return account.method == Method::negotiate && account.allow_ntlm && peer_.password;
}

void GssScheme::note(std::string_view name, std::string value) {
  const auto known = std::ranges::find(facts_, name, &Facts::value_type::first);
  if (known != facts_.end()) {
    known->second = std::move(value);
  } else {
    facts_.emplace_back(name, std::move(value));
  }
}

Result<auth::Step> GssScheme::step(Challenges challenges) {
  if (state_ == State::start) {
    return begin();
  }
  return state_ == State::negotiating ? go_on(challenges) : again(challenges);
}

// The server may still prove itself with the last token, or ask for more.
Result<auth::Step> GssScheme::let_in(Challenges challenges) {
  if (state_ != State::negotiating) {
    return fail(Reason::internal, "auth.state", "nothing is negotiated");
  }
  const auto answer = auth::find_challenge(challenges, word_);
  if (!answer || answer->token.empty()) {
    return finish();
  }
  auto next = answer_to(answer->token);
  if (!next) {
    return std::unexpected(wrong_proof(std::move(next.error())));
  }
  return next->empty() ? finish() : carry(*next, false);
}

Status GssScheme::check_answer(Challenges challenges, int status) {
  if (!negotiation_ || negotiation_->complete() || (status != 200 && status != 500)) {
    return {};
  }
  const auto answer = auth::find_challenge(challenges, word_);
  if (answer && !answer->token.empty()) {
    if (auto next = answer_to(answer->token); !next) {
      return std::unexpected(wrong_proof(std::move(next.error())));
    }
  }
  if (!proves()) {
    return std::unexpected(no_proof());
  }
  mutual_ = !ntlm_;
  return {};
}

Result<auth::Step> GssScheme::unasked() {
  return begin_with_body();
}

Result<auth::Step> GssScheme::begin() {
  negotiation_.reset();
  mutual_ = answered_ = false;
  bodies_ = 0;
  if (!ntlm_) {
    auto token = begin_kerberos();
    if (token) {
      return begin_with(*token);
    }
    // A refused password is not tried again in another way: that would lock the account.
    if (!may_use_ntlm() || token.error().reason == Reason::auth) {
      return std::unexpected(std::move(token.error()));
    }
    note("kerberos", describe(token.error()));
    ntlm_ = true;
  }
  auto token = begin_ntlm();
  if (!token) {
    return std::unexpected(std::move(token.error()));
  }
  return begin_with(*token);
}

Result<auth::Step> GssScheme::begin_with(const std::string& token) {
  ++contexts_;
  auto step = carry(token, false);
  if (step) {
    step->begins = true;
  }
  return step;
}

Result<std::string> GssScheme::begin_kerberos() {
  auto handle = credentials_->kerberos(peer_.password, clock_.now().wall);
  if (!handle) {
    return std::unexpected(std::move(handle.error()));
  }
  Facts facts;
  const Status ticket =
      credentials_->ticket(**handle, options_.service, retried_, clock_.now().wall, facts);
  for (auto& [name, value] : facts) {
    note(name, std::move(value));
  }
  if (!ticket) {
    return std::unexpected(ticket.error());
  }
  return negotiation_
      .emplace(std::move(*handle), options_.service, word_ == kNegotiate, peer_.channel_bindings)
      .begin();
}

Result<std::string> GssScheme::begin_ntlm() {
  // SPNEGO protects the choice that it made; where NTLM was asked for, there is none.
  const bool spnego = credentials_->account().method == Method::negotiate && word_ == kNegotiate;
  auto handle = credentials_->ntlm(peer_.password, spnego);
  if (!handle) {
    return std::unexpected(std::move(handle.error()));
  }
  note("spn", spn_of(options_.service));
  return negotiation_.emplace(std::move(*handle), options_.service, spnego, peer_.channel_bindings)
      .begin();
}

Result<auth::Step> GssScheme::carry(const std::string& token, bool body) {
  std::string text = base64_encode(token);
  std::string header;
  header.reserve(word_.size() + 1 + text.size());
  header.append(word_).append(1, ' ').append(text);
  token_ = Secret(std::move(text));
  token_bytes_ = std::max(token_bytes_, header.size());
  if (header.size() > kUsualHeader) {
    note("token", fmt::format("{} bytes; Windows takes {} of a header unless MaxFieldLength says "
                              "more",
                              header.size(), kUsualHeader));
  }
  if (header.size() > kMostHeader) {
    return std::unexpected(too_large(header.size()));
  }
  state_ = body ? State::ready : State::negotiating;
  return auth::Step{.authorization = Secret(std::move(header)), .body = body, .once = true};
}

Result<std::string> GssScheme::answer_to(std::string_view text) {
  const auto token = base64_decode(text);
  if (!token || negotiation_->complete()) {
    return fail(
        Reason::protocol, "auth.token",
        token ? "the server negotiates on after the end" : "the server's token is not base64",
        "look at what answers at this URL: it may be no WinRM service");
  }
  if (const auto challenge = ntlm_ ? read_ntlm_challenge(*token) : std::nullopt) {
    note("target", fmt::format("{} ({})", challenge->target, challenge->computer));
    note("domain", challenge->domain);
  }
  auto next = negotiation_->next(*token);
  if (const auto there = negotiation_->server_time()) {
    note("server_clock", fmt::format("server {}, here {}", format_iso8601(*there),
                                     format_iso8601(clock_.now().wall)));
  }
  answered_ = next.has_value();
  return next;
}

// A 401 in the middle of the negotiation: it asks for more or refuses, and never lets us in.
Result<auth::Step> GssScheme::go_on(Challenges challenges) {
  const auto answer = auth::find_challenge(challenges, word_);
  if (!answer || answer->token.empty()) {
    return refused(challenges);
  }
  auto next = answer_to(answer->token);
  if (!next && negotiation_->refused()) {
    return refused(challenges);
  }
  if (!next) {
    const bool fresh = next.error().code == "auth.ticket_refused" && !std::exchange(retried_, true);
    return fresh ? begin() : std::unexpected(std::move(next.error()));
  }
  return next->empty() ? refused(challenges) : carry(*next, false);
}

// The server lets us in; it must have proved itself where the mechanism can.
Result<auth::Step> GssScheme::finish() {
  if (!proves()) {
    return std::unexpected(no_proof());
  }
  if (sealing() && !negotiation_->can_seal()) {
    return fail(Reason::protocol, "auth.seal", "the server and this agent have no key to seal with",
                "look at the server's WinRM service");
  }
  mutual_ = !ntlm_;
  state_ = State::ready;
  return auth::Step{};
}

// A 401 without a token, in the middle of the negotiation.
Result<auth::Step> GssScheme::refused(Challenges challenges) {
  const std::string_view other = ntlm_ ? kNtlm : kKerberos;
  if (word_ == kNegotiate && !offers(challenges, kNegotiate) && offers(challenges, other)) {
    word_ = other;
    return begin();
  }
  // It takes no ticket from anybody, so none was refused. The KDC has taken the password.
  if (!ntlm_ && !offers(challenges, kNegotiate) && !offers(challenges, kKerberos) &&
      offers(challenges, kNtlm) && may_use_ntlm()) {
    note("kerberos", "the server takes NTLM alone");
    ntlm_ = true;
    word_ = kNtlm;
    return begin();
  }
  // A proxy may have taken the header out: what was refused is a ticket, or a password.
  const bool said_nothing = challenges.empty() && (!ntlm_ || answered_);
  if (!offers(challenges, word_) && !said_nothing) {
    return std::unexpected(not_offered(word_, ntlm_, challenges));
  }
  // IIS with kernel-mode authentication refuses the first one. With NTLM it may be the password,
  // and a second try may lock the account.
  if (!ntlm_ && !retried_) {
    retried_ = true;
    return begin();
  }
  return std::unexpected(refusal(attempt(), challenges));
}

// A 401 to a body: the context is gone, or the server wants a proof with each request.
Result<auth::Step> GssScheme::again(Challenges challenges) {
  // The password was accepted, since the negotiation ended well: one more costs nothing, also with
  // NTLM.
  if (!proved_ && retried_) {
    return std::unexpected(refusal(attempt(), challenges));
  }
  retried_ = !std::exchange(proved_, false);
  asked_in_a_row_ = bodies_ == 1 ? asked_in_a_row_ + 1 : 0;
  return begin_with_body();
}

// Where nothing is sealed, the body goes with the ticket: a proof for each request lasts no longer.
Result<auth::Step> GssScheme::begin_with_body() {
  auto step = begin();
  if (step && !ntlm_ && !sealing()) {
    step->body = true;
    state_ = State::ready;
  }
  return step;
}

Result<auth::Payload> GssScheme::seal(auth::Payload plain) {
  if (!sealing()) {
    return plain;
  }
  if (!negotiation_ || !negotiation_->complete()) {
    return fail(Reason::internal, "auth.state", "there is no key to seal with yet");
  }
  auto sealed = wrap(negotiation_->context(), ntlm_, plain.body);
  if (!sealed) {
    return std::unexpected(std::move(sealed.error()));
  }
  // The scheme's word decides: Kerberos within Negotiate is SPNEGO.
  return auth::write_sealed(
      word_ == kKerberos ? auth::SealedProtocol::kerberos : auth::SealedProtocol::spnego,
      plain.content_type, sealed->length, sealed->signature, sealed->ciphertext);
}

Result<auth::Payload> GssScheme::unseal(auth::Payload sealed, int status) {
  const bool answered = status == 200 || status == 500;
  if (answered && negotiation_ && !proves()) {
    return std::unexpected(no_proof());
  }
  bodies_ += answered ? 1 : 0;
  if (!auth::is_sealed(sealed.content_type)) {
    // HTTP's own errors come plain, and nothing cannot be forged.
    if (sealing() && status < 400 && !sealed.body.empty()) {
      return fail(Reason::protocol, "auth.not_sealed",
                  "the server answered a sealed request with a plain text",
                  "look at proxies between agent and server; nothing of it was used");
    }
    proved_ = proved_ || (answered && !(sealing() && status == 500));
    return sealed;
  }
  if (!negotiation_ || !negotiation_->complete()) {
    return fail(Reason::protocol, "auth.seal", "the server sealed its answer without a key",
                "look at the server's WinRM service");
  }
  auto part = auth::read_sealed(sealed.content_type, sealed.body);
  if (!part) {
    return std::unexpected(std::move(part.error()));
  }
  auto plain = unwrap(negotiation_->context(), ntlm_, *part);
  if (!plain) {
    return std::unexpected(std::move(plain.error()));
  }
  proved_ = true;
  retried_ = false;
  return auth::Payload{std::move(part->content_type), std::move(*plain)};
}

void GssScheme::tell_secrets(Redactor& redactor) const {
  if (peer_.password && !peer_.password->empty()) {
    redactor.hide(peer_.password->reveal());
  }
  if (!token_.empty()) {
    redactor.hide(token_.reveal(), kHarmless);
  }
}

auth::Proof GssScheme::proof() const {
  auth::Proof proof;
  proof.method = ntlm_ ? "ntlm" : "kerberos";
  proof.mutual = mutual_;
  proof.token_bytes = token_bytes_;
  proof.contexts = contexts_;
  if (blocks()) {
    proof.facts = credentials_->facts();
    if (!ntlm_) {
      proof.ticket_ends = credentials_->ticket_ends();
    }
  }
  proof.facts.insert(proof.facts.end(), facts_.begin(), facts_.end());
  if (ntlm_) {
    proof.facts.emplace_back("user", credentials_->account().username);
  }
  if (peer_.tls) {
    proof.facts.emplace_back("channel_bindings",
                             peer_.channel_bindings.empty() ? "not sent" : "sent");
  }
  proof.facts.emplace_back("sealed", sealing() ? "yes" : "no");
  return proof;
}

Facts GssScheme::progress() const {
  Facts facts = credentials_->progress();
  if (std::ranges::find(facts, "spn", &Facts::value_type::first) == facts.end()) {
    facts.emplace_back("spn", spn_of(options_.service));
  }
  return facts;
}

std::function<void()> GssScheme::chore() const {
  if (!blocks() || !credentials_->due(clock_.now().wall)) {
    return {};
  }
  return [credentials = credentials_, &clock = clock_] { credentials->refresh(clock.now().wall); };
}

std::unique_ptr<auth::Scheme> make_scheme(std::shared_ptr<Credentials> credentials,
                                          SchemeOptions options, auth::Peer peer,
                                          const Clock& clock) {
  return std::make_unique<GssScheme>(std::move(credentials), std::move(options), std::move(peer),
                                     clock);
}

}  // namespace sfb::gss
