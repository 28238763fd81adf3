#include "agent/gss/status.hpp"

#include "agent/base/text.hpp"
#include "agent/gss/status_table.hpp"

#include <fmt/format.h>
#include <gssapi/gssapi.h>

#include <algorithm>
#include <string>

namespace sfb::gss {

namespace {

std::string filled(const char* text, const Circumstances& of) {
  return fmt::format(fmt::runtime(text), fmt::arg("principal", of.principal),
                     fmt::arg("spn", of.spn), fmt::arg("realm", of.realm),
                     fmt::arg("host", of.spn.substr(of.spn.find('/') + 1)),
                     fmt::arg("kdcs", of.kdcs.empty() ? "" : fmt::format(" ({})", of.kdcs)));
}

// With the number, by which others find the same case.
std::string raw(std::int32_t minor, std::string_view text) {
  return fmt::format("{} ({})", cut_utf8(text), minor);
}

const char* name_of(Step step) {
  switch (step) {
    case Step::logon:
      return "the logon of";
    case Step::ticket:
      return "the service ticket of";
    case Step::proof:
      return "the negotiation for";
    case Step::seal:
      return "sealing for";
  }
  return "";
}

// What the routine itself says where the mechanism has no row.
Error by_major(std::uint32_t major, const Circumstances& of) {
  const auto error = [](Reason reason, const char* code, std::string message, const char* remedy) {
    return Error{.reason = reason,
                 .code = code,
                 .message = std::move(message),
                 .remedy = remedy,
                 .peer = {}};
  };
  switch (GSS_ROUTINE_ERROR(major)) {
    case GSS_S_BAD_BINDINGS:
      return error(Reason::protocol, "auth.bindings",
                   "the channel bindings do not fit: TLS may end at a proxy before the server",
                   "set channel_binding: off for this endpoint, or go around the proxy");
    case GSS_S_BAD_SIG:
    case GSS_S_DEFECTIVE_TOKEN:
      if (of.step == Step::seal) {
        return error(Reason::protocol, "auth.seal", "the sealed answer was changed on its way",
                     "look at what lies between agent and server");
      }
      return error(Reason::protocol, "auth.token", "the server's token cannot be read",
                   "look at what answers at this URL: it may be no WinRM service");
    case GSS_S_BAD_MECH:
    case GSS_S_UNAVAILABLE:
      return error(Reason::internal, "auth.no_mechanism",
                   "a mechanism of GSSAPI is not installed or not loaded",
                   "install the package gss-ntlmssp (NTLM) or libgssapi-krb5-2 (Kerberos)");
    case GSS_S_CREDENTIALS_EXPIRED:
    case GSS_S_CONTEXT_EXPIRED:
      return error(Reason::protocol, "auth.ticket_expired", "the ticket has ended",
                   "a given cache must be renewed by the program that fills it; otherwise compare "
                   "the clocks");
    default:
      return error(Reason::protocol, "auth.gssapi",
                   fmt::format("{} {} failed", name_of(of.step),
                               of.step == Step::logon ? of.principal : of.spn),
                   "the number in brackets is the mechanism's own");
  }
}

// A replayed or reordered message is told by supplementary bits, not as an error.
bool is_out_of_order(std::uint32_t major) {
  return (major &
          (GSS_S_DUPLICATE_TOKEN | GSS_S_OLD_TOKEN | GSS_S_UNSEQ_TOKEN | GSS_S_GAP_TOKEN)) != 0;
}

}  // namespace

Error explain(std::uint32_t major, std::uint32_t minor, std::string_view mechanism_text,
              const Circumstances& circumstances) {
  const auto code = static_cast<std::int32_t>(minor);
  Error error;
  if (!GSS_ERROR(major) && is_out_of_order(major)) {
    error = Error{.reason = Reason::protocol,
                  .code = "auth.seal",
                  .message = "the sealed answer is out of order or was seen before",
                  .remedy = "look at what lies between agent and server",
                  .peer = {}};
  } else {
    const auto row = std::ranges::find_if(status_table(), [&](const StatusRow& candidate) {
      return candidate.minor == code &&
             candidate.step.value_or(circumstances.step) == circumstances.step &&
             candidate.keytab.value_or(circumstances.keytab) == circumstances.keytab;
    });
    if (row != status_table().end()) {
      error = Error{.reason = row->reason,
                    .code = row->code,
                    .message = filled(row->message, circumstances),
                    .remedy = filled(row->remedy, circumstances),
                    .peer = {}};
    } else {
      error = by_major(major, circumstances);
    }
  }
  error.peer = raw(code, mechanism_text);
  return error;
}

}  // namespace sfb::gss
