#include "agent/gss/negotiation.hpp"

#include "agent/gss/krb_error.hpp"
#include "agent/gss/status.hpp"

#include <fmt/format.h>
#include <krb5/krb5.h>

#include <utility>

namespace sfb::gss {

namespace {

// Without CONF and INTEG, NTLM makes no key to seal with. Nothing is delegated.
constexpr OM_uint32 kFlags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_SEQUENCE_FLAG |
                             GSS_C_CONF_FLAG | GSS_C_INTEG_FLAG;

// SPNEGO's `reject` (RFC 4178 4.2.2).
bool is_rejection(std::string_view token) {
  constexpr std::string_view kReject("\xA0\x03\x0A\x01\x02", 5);
  return token.starts_with('\xA1') && token.substr(0, 16).contains(kReject);
}

}  // namespace

Negotiation::Negotiation(std::shared_ptr<Handle> handle, Service service, bool spnego,
                         std::string bindings)
    : handle_(std::move(handle)),
      service_(std::move(service)),
      spnego_(spnego),
      bindings_(std::move(bindings)) {}

Result<std::string> Negotiation::begin() {
  auto target =
      import_name(fmt::format("{}@{}", service_.name, service_.host), GSS_C_NT_HOSTBASED_SERVICE);
  if (!target) {
    return std::unexpected(std::move(target.error()));
  }
  target_ = std::move(*target);
  return leg({});
}

Result<std::string> Negotiation::next(std::string_view token) {
  return leg(token);
}

Result<std::string> Negotiation::leg(std::string_view token) {
  gss_OID mechanism = spnego_ ? spnego_mechanism() : ntlm() ? ntlm_mechanism() : krb5_mechanism();
  gss_channel_bindings_struct bindings{};
  bindings.application_data = argument(bindings_);
  gss_buffer_desc input = argument(token);
  Buffer output;
  OM_uint32 minor = 0;
  const auto lock = handle_->lock();
  const OM_uint32 major = gss_init_sec_context(
      &minor, handle_->credential(spnego_), context_.out(), target_.get(), mechanism, kFlags,
      GSS_C_INDEFINITE, bindings_.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings,
      token.empty() ? GSS_C_NO_BUFFER : &input, nullptr, output.out(), &flags_, nullptr);
  if (!GSS_ERROR(major)) {
    complete_ = (major & GSS_S_CONTINUE_NEEDED) == 0;
    return std::string(output.view());
  }
  Circumstances of = ntlm() ? Circumstances() : handle_->tickets()->of;
  of.step = Step::proof;
  of.spn = spn_of(service_);
  // What the server itself says comes first: SPNEGO hides the codes of its mechanisms.
  if (const auto told = ntlm() ? std::nullopt : read_krb_error(token)) {
    server_time_ = told->server_time;
    refused_ = told->code == KRB5KRB_ERR_GENERIC;
    return std::unexpected(explain(major, static_cast<std::uint32_t>(told->code), told->text, of));
  }
  refused_ = is_rejection(token);
  return std::unexpected(explain(major, minor, status_text(major, minor, mechanism), of));
}

}  // namespace sfb::gss
