#include "agent/gss/refusal.hpp"

#include "agent/auth/challenge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace sfb::gss {

namespace {

std::string offered(std::span<const std::string> challenges) {
  return fmt::format("{}", fmt::join(auth::offered_schemes(challenges), ", "));
}

std::string_view bindings_of(const auth::Peer& peer) {
  if (!peer.tls) {
    return "";
  }
  return peer.channel_bindings.empty()
             ? "; no channel bindings were sent: the server may demand them (channel_binding: on)"
             : "; channel bindings were sent: TLS may end at a proxy (channel_binding: off)";
}

}  // namespace

Error refusal(const Attempt& attempt, std::span<const std::string> challenges) {
  Error error{.reason = Reason::auth, .code = {}, .message = {}, .remedy = {}, .peer = {}};
  error.peer = offered(challenges);
  if (attempt.ntlm) {
    error.code = "auth.refused";
    error.message =
        fmt::format("the server refused user {}, the password{}; NTLM does not tell which",
                    attempt.account.username, attempt.peer.tls ? " or the channel bindings" : "");
    error.remedy = fmt::format(
        "check the password file; NTLM is closed to members of Protected Users and may be blocked "
        "by policy{}",
        bindings_of(attempt.peer));
    return error;
  }
  const std::string spn = spn_of(attempt.service);
  error.code = "auth.ticket_refused";
  error.message =
      fmt::format("the server refused the ticket for {}; this is never the password", spn);
  error.remedy = fmt::format(
      "another account than the computer's may own the name (setspn -Q {}; then spn.service WSMAN "
      "or host); the server's clock may be wrong; several machines may stand behind the host "
      "name{}",
      spn, bindings_of(attempt.peer));
  return error;
}

Error not_offered(std::string_view scheme, bool ntlm, std::span<const std::string> challenges) {
  return Error{
      .reason = Reason::auth,
      .code = "auth.not_offered",
      .message = fmt::format("the server does not take {}", scheme),
      .remedy = fmt::format("{}; or allow {} on the endpoint", auth::other_logon(challenges),
                            ntlm ? "Negotiate, if no policy blocks NTLM" : "Negotiate or Kerberos"),
      .peer = offered(challenges)};
}

Error no_proof() {
  return {.reason = Reason::protocol,
          .code = "auth.no_proof",
          .message = "the server did not prove who it is: its last token is missing",
          .remedy =
              "look at proxies between agent and server, which may take the header "
              "WWW-Authenticate out",
          .peer = {}};
}

Error wrong_proof(Error error) {
  if (error.reason != Reason::auth) {
    return error;
  }
  Error wrong = no_proof();
  wrong.message = "the server let us in, but its last token does not prove who it is";
  wrong.remedy =
      "look at proxies between agent and server, which may mix up connections, and at what answers "
      "at this URL";
  wrong.peer = std::move(error.peer);
  return wrong;
}

Error too_large(std::size_t bytes) {
  return {.reason = Reason::protocol,
          .code = "auth.token_too_large",
          .message = fmt::format(
              "the ticket makes a header of {} bytes, which no Windows server takes", bytes),
          .remedy = "the account is in too many groups: use one that is in few",
          .peer = {}};
}

}  // namespace sfb::gss
