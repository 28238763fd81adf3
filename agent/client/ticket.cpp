#include "agent/client/ticket.hpp"

#include "agent/auth/challenge.hpp"
#include "agent/base/base64.hpp"
#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::client {

namespace {

constexpr std::string_view kNegotiate = "Negotiate";

std::unexpected<Error> no_ticket(const std::string& host, OM_uint32 major, OM_uint32 minor) {
  return fail(
      Reason::auth, "client.ticket", fmt::format("there is no Kerberos ticket for HTTP/{}", host),
      "get one with kinit, look at it with klist; SFB_BACKUP_EXPORTER_URL must name the agent "
      "as its keytab does",
      gss::status_text(major, minor, gss::krb5_mechanism()));
}

std::unexpected<Error> no_proof(const std::string& host, std::string peer) {
  return fail(Reason::protocol, "auth.no_proof",
              fmt::format("{} did not prove by Kerberos that it is the agent", host),
              "look at what stands between, and at the agent's keytab", std::move(peer));
}

}  // namespace

Result<Secret> Ticket::prove(const std::string& host, const std::string& bindings) {
  host_ = host;
  bindings_ = bindings;
  auto target = gss::import_name("HTTP@" + host, GSS_C_NT_HOSTBASED_SERVICE);
  if (!target) {
    return std::unexpected(std::move(target.error()));
  }
  target_ = std::move(*target);
  gss_OID_set_desc spnego{1, gss::spnego_mechanism()};
  OM_uint32 minor = 0;
  OM_uint32 major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &spnego,
                                     GSS_C_INITIATE, credential_.out(), nullptr, nullptr);
  if (!GSS_ERROR(major)) {
    gss_OID_set_desc kerberos{1, gss::krb5_mechanism()};
    major = gss_set_neg_mechs(&minor, credential_.get(), &kerberos);  // never NTLM
  }
  if (GSS_ERROR(major)) {
    return no_ticket(host, major, minor);
  }
  const auto token = leg({});
  if (!token) {
    return std::unexpected(token.error());
  }
  std::string value(kNegotiate);
  value.append(" ").append(base64_encode(*token));
  return Secret(std::move(value));
}

Result<std::string> Ticket::leg(std::string_view token) {
  gss_channel_bindings_struct bindings{};
  bindings.application_data = gss::argument(bindings_);
  gss_buffer_desc input = gss::argument(token);
  gss::Buffer output;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_init_sec_context(
      &minor, credential_.get(), context_.out(), target_.get(), gss::spnego_mechanism(),
      GSS_C_MUTUAL_FLAG, GSS_C_INDEFINITE,
      bindings_.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings,
      token.empty() ? GSS_C_NO_BUFFER : &input, nullptr, output.out(), nullptr, nullptr);
  if (GSS_ERROR(major)) {
    return token.empty() ? no_ticket(host_, major, minor)
                         : no_proof(host_, gss::status_text(major, minor, gss::krb5_mechanism()));
  }
  if (!token.empty() && (major & GSS_S_CONTINUE_NEEDED) != 0) {
    return no_proof(host_, {});
  }
  return std::string(output.view());
}

Status Ticket::check(const http::Response& answer) {
  std::vector<std::string> values;
  for (const http::Header& header : answer.headers) {
    if (iequals(header.name, "WWW-Authenticate")) {
      values.push_back(header.value);
    }
  }
  const auto challenge = auth::find_challenge(values, kNegotiate);
  if (!challenge || challenge->token.empty()) {
    return answer.status == 200 ? Status(no_proof(host_, {})) : Status();
  }
  const auto token = base64_decode(challenge->token);
  if (!token) {
    return no_proof(host_, {});
  }
  const auto checked = leg(*token);
  // A refusal says so itself, and its words are the better ones.
  return checked || answer.status == 401 ? Status() : Status(std::unexpected(checked.error()));
}

}  // namespace sfb::client
