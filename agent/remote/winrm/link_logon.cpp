#include "agent/remote/winrm/link_logon.hpp"

#include "agent/auth/challenge.hpp"
#include "agent/auth/sealed_body.hpp"
#include "agent/base/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace sfb::remote {

namespace {

constexpr std::size_t kLargeBody = 256UL << 10U;

boost::asio::awaitable<void> run_chore(std::shared_ptr<net::WorkerPool> pool,
                                       std::function<void()> chore) {
  static_cast<void>(co_await pool->run([chore = std::move(chore)] {
    chore();
    return Status();
  }));
}

}  // namespace

void LinkLogon::reset() {
  scheme_.reset();
  step_ = {};
  noted_ = false;
  noted_ntlm_ = 0;
}

boost::asio::awaitable<Status> LinkLogon::begin(const http::HttpConnection& connection,
                                                const Url& url,
                                                const std::shared_ptr<const Secret>& secret,
                                                MonoTime deadline) {
  const Logon& logon = endpoint_->options.logon;
  host_ = url.host;
  scheme_ = logon.make_scheme({.password = logon.password_file.empty() ? nullptr : secret,
                               .tls = url.tls,
                               .channel_bindings = bindings(connection),
                               .host = url.host});
  scheme_->tell_secrets(endpoint_->redactor);
  co_return co_await next([](auth::Scheme& scheme) { return scheme.step({}); }, deadline);
}

Error LinkLogon::unexpected_status(int status) const {
  // http.sys has no room for a longer header by default.
  constexpr std::size_t kMostToken = 12UL << 10U;
  const std::size_t token = scheme_->proof().token_bytes;
  if (status == 400 && token > kMostToken) {
    return fail(Reason::protocol, "auth.token_too_large",
                fmt::format("{} answered 400 to a logon token of {} bytes", host_, token),
                "the account is in many groups: take it out of some, or raise MaxFieldLength and "
                "MaxRequestBytes of http.sys on the server")
        .error();
  }
  return fail(Reason::protocol, "http.status",
              fmt::format("{} answered {} in the middle of authentication", host_, status),
              "look at the server and at proxies in between: each connection must stay one "
              "connection to one server")
      .error();
}

auth::Step LinkLogon::take_step() {
  auth::Step taken = step_;
  if (step_.once) {
    step_.authorization = Secret();
  }
  return taken;
}

// A certificate whose signature names no digest has none; said once.
std::string LinkLogon::bindings(const http::HttpConnection& connection) {
  const auto& info = connection.tls_info();
  if (!info || !endpoint_->options.logon.channel_bindings) {
    return {};
  }
  if (info->end_point.empty() && endpoint_->options.logon.method != "basic" &&
      !std::exchange(endpoint_->without_bindings, true)) {
    endpoint_->logger.warn(
        "no channel bindings are sent: the signature of the server's certificate names no digest",
        {{"endpoint", endpoint_->options.endpoint}, {"host", host_}});
  }
  return info->end_point;
}

// What the scheme says next. One that waits for a KDC does so beside the loop; a late job keeps the
// scheme it works on.
boost::asio::awaitable<Status> LinkLogon::next(Say say, MonoTime deadline) {
  Result<auth::Step> said;
  const MonoTime began = net::mono_now();
  if (scheme_->blocks()) {
    said = co_await endpoint_->logons->run_until(
        [scheme = scheme_, say = std::move(say)] { return say(*scheme); }, deadline,
        "auth.timeout");
    begin_chore();
  } else {
    said = say(*scheme_);
  }
  if (!said) {
    Error& error = said.error();
    // The job may still work on the scheme.
    if (error.code == "auth.timeout" || error.code == "pool.cancelled") {
      tell_wait(error, net::mono_now() - began);
    } else {
      note_proof();
    }
    error.stage = Stage::auth;
    co_return std::unexpected(std::move(error));
  }
  step_ = std::move(*said);
  scheme_->tell_secrets(endpoint_->redactor);
  co_return Status{};
}

void LinkLogon::tell_wait(Error& error, std::chrono::nanoseconds waited) {
  std::string kdcs;
  for (const auto& [name, value] : scheme_->progress()) {
    endpoint_->fact(name, value);
    if (name == "kdcs" || name == "logon_kdcs") {
      kdcs = fmt::format(" ({})", value);
    }
  }
  if (error.code == "auth.timeout") {
    error.message =
        fmt::format("no ticket within {}: a domain controller did not answer{}",
                    format_duration(std::chrono::round<std::chrono::milliseconds>(waited)), kdcs);
    error.remedy =
        "check that port 88 of the domain controllers is reachable, TCP and UDP; name "
        "those that are as kdcs of the credentials";
  }
}

// On the second thread of the pool, so that steps that wait for nobody go on beside it.
void LinkLogon::begin_chore() {
  if (auto chore = scheme_->chore()) {
    boost::asio::co_spawn(endpoint_->executor, run_chore(endpoint_->logons, std::move(chore)),
                          [](const std::exception_ptr&) {});
  }
}

// How it was proved, once a connection: for `evaluate`.
void LinkLogon::note_proof() {
  const auth::Proof proof = scheme_->proof();
  note_ntlm(proof);
  if (std::exchange(noted_, true)) {
    return;
  }
  if (!proof.method.empty()) {
    endpoint_->fact("method", proof.method);
  }
  for (const auto& [name, value] : proof.facts) {
    endpoint_->fact(name, value);
  }
  if (proof.ticket_ends) {
    endpoint_->facts.ticket_ends = proof.ticket_ends;
  }
}

// A warning for each context of NTLM although Kerberos was wanted, also in mid-session.
void LinkLogon::note_ntlm(const auth::Proof& proof) {
  if (proof.method != "ntlm" || !endpoint_->facts.ntlm_logons ||
      std::exchange(noted_ntlm_, proof.contexts) == proof.contexts) {
    return;
  }
  ++*endpoint_->facts.ntlm_logons;
  const auto why =
      std::ranges::find(proof.facts, "kerberos", &std::pair<std::string, std::string>::first);
  const std::string kerberos =
      why == proof.facts.end() ? std::string() : endpoint_->redactor(why->second);
  endpoint_->fact("warning", fmt::format("NTLM was used instead of Kerberos: {}", kerberos));
  endpoint_->logger.warn(
      "NTLM was used instead of Kerberos",
      {{"endpoint", endpoint_->options.endpoint}, {"host", host_}, {"kerberos", kerberos}});
}

// The scheme's word to an answer that was not the envelope's.
boost::asio::awaitable<Status> LinkLogon::answered(const http::HttpReply& reply,
                                                   MonoTime deadline) {
  std::vector<std::string> challenges = reply.all("WWW-Authenticate");
  const bool refused = reply.status == 401;
  if (refused) {
    endpoint_->fact("offers",
                    fmt::format("{}", fmt::join(auth::offered_schemes(challenges), ", ")));
  }
  co_return co_await next(
      [challenges = std::move(challenges), refused](auth::Scheme& scheme) {
        return refused ? scheme.step(challenges) : scheme.let_in(challenges);
      },
      deadline);
}

boost::asio::awaitable<Status> LinkLogon::prepare(MonoTime deadline) {
  if (!scheme_->each_request() || !step_.authorization.empty()) {
    co_return Status{};
  }
  co_return co_await next([](auth::Scheme& scheme) { return scheme.unasked(); }, deadline);
}

Status LinkLogon::check(const http::HttpReply& reply) {
  return scheme_->check_answer(reply.all("WWW-Authenticate"), reply.status);
}

// Large ones beside the loop.
boost::asio::awaitable<Result<auth::Payload>> LinkLogon::unseal(auth::Payload sealed, int status,
                                                                MonoTime deadline) {
  if (sealed.body.size() < kLargeBody || !auth::is_sealed(sealed.content_type)) {
    co_return scheme_->unseal(std::move(sealed), status);
  }
  co_return co_await endpoint_->options.services->readers.run_until(
      [scheme = scheme_, sealed = std::move(sealed), status]() mutable {
        return scheme->unseal(std::move(sealed), status);
      },
      deadline, "http.timeout");
}

}  // namespace sfb::remote
