#include "agent/gss/acceptor.hpp"

#include "agent/base/text.hpp"
#include "agent/gss/keytab.hpp"
#include "agent/gss/krb5.hpp"
#include "agent/gss/krb_error.hpp"

#include <fmt/format.h>
#include <krb5/krb5.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace sfb::gss {

namespace {

constexpr std::string_view kNtlmMark("NTLMSSP\0", 8);

Error refused(std::string code, std::string message, std::string remedy, std::string said = {}) {
  return fail(Reason::auth, std::move(code), std::move(message), std::move(remedy), std::move(said))
      .error();
}

// The library numbers its minor codes anew. The KRB-ERROR that it makes for a caller who wants an
// answer has the code; for others there is only the text.
krb5_error_code code_of(std::string_view reply, std::string_view said) {
  if (const auto error = read_krb_error(reply)) {
    return error->code;
  }
  const auto krb5 = Krb5::create();
  for (const auto code : {KRB5KRB_AP_ERR_REPEAT, KRB5KRB_AP_ERR_SKEW, KRB5KRB_AP_ERR_TKT_NYV,
                          KRB5KRB_AP_ERR_TKT_EXPIRED}) {
    if (krb5 && said == (*krb5)->text(static_cast<krb5_error_code>(code))) {
      return static_cast<krb5_error_code>(code);
    }
  }
  return said.ends_with("likely out of date") || said.contains("in keytab")
             ? static_cast<krb5_error_code>(KRB5KRB_AP_ERR_NOKEY)
             : 0;
}

// The library has only the system's words where it cannot write its replay cache.
bool is_system_error(std::string_view said) {
  constexpr std::array kErrors = {ENOENT, ENOTDIR, EACCES, EPERM,  EROFS, ENOSPC,
                                  EDQUOT, EIO,     EMFILE, ENFILE, ELOOP};
  return std::ranges::any_of(
      kErrors, [&](int error) { return said.starts_with(std::generic_category().message(error)); });
}

Error why_refused(OM_uint32 major, OM_uint32 minor, std::string_view reply,
                  const std::string& keytab_file) {
  std::string said = status_text(major, minor, krb5_mechanism());
  if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_BINDINGS) {
    return refused("access.bindings", "the caller's token is bound to another TLS connection",
                   "a proxy that ends TLS cannot pass Negotiate on; ask the agent itself",
                   std::move(said));
  }
  if (GSS_ROUTINE_ERROR(major) == GSS_S_DUPLICATE_TOKEN) {
    return refused("access.replay", "this token was used before", "log on anew for each request",
                   std::move(said));
  }
  if (const auto keys = read_service_keys(keytab_file); !keys) {
    return keys.error();
  }
  switch (code_of(reply, said)) {
    case KRB5KRB_AP_ERR_REPEAT:
      return refused("access.replay", "this token was used before", "log on anew for each request",
                     std::move(said));
    case KRB5KRB_AP_ERR_SKEW:
    case KRB5KRB_AP_ERR_TKT_NYV:
      return refused("access.clock", "the caller's clock is too far from the agent's",
                     "synchronise both clocks with the domain", std::move(said));
    case KRB5KRB_AP_ERR_TKT_EXPIRED:
      return refused("access.ticket_ended", "the caller's ticket has ended", "log on anew",
                     std::move(said));
    case KRB5KRB_AP_ERR_BADKEYVER:
    case KRB5KRB_AP_ERR_NOKEY:
    case KRB5KRB_AP_ERR_NOT_US:
    case KRB5KRB_AP_ERR_BAD_INTEGRITY:
    case KRB5KRB_AP_ERR_MODIFIED:
      return refused(
          "access.keytab_old",
          "no key in the agent's keytab opens the caller's ticket: another name, another "
          "key version, or another key",
          "export the keytab again after a change of the account's password; the names "
          "in it are those of setspn -L",
          std::move(said));
    default:
      break;
  }
  if (is_system_error(said)) {
    return fail(Reason::process, "access.replay_cache",
                "the tickets that were used cannot be remembered, so none is taken",
                "the agent must be able to write the folder of $KRB5RCACHEDIR: its state's, if it "
                "has one",
                std::move(said))
        .error();
  }
  return refused("access.ticket", "the caller's ticket is not accepted", {}, std::move(said));
}

std::string principal_of(const Name& name) {
  Buffer text;
  OM_uint32 minor = 0;
  if (GSS_ERROR(gss_display_name(&minor, name.get(), text.out(), nullptr)) != 0) {
    return {};
  }
  return std::string(text.view().substr(0, text.view().find('\0')));
}

// Empty unless the library says that the whole value is authenticated.
std::string logon_info_of(const Name& name) {
  gss_buffer_desc attribute = argument("urn:mspac:logon-info");
  Buffer value;
  Buffer shown;
  int authenticated = 0;
  int complete = 0;
  int more = -1;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_get_name_attribute(&minor, name.get(), &attribute, &authenticated,
                                                 &complete, value.out(), shown.out(), &more);
  const bool sure = GSS_ERROR(major) == 0 && authenticated != 0 && complete != 0 && more == 0;
  return sure ? std::string(value.view()) : std::string();
}

Error no_kerberos(const std::string& keytab_file) {
  const auto keys = read_service_keys(keytab_file);
  const std::string hosts = keys ? hosts_text(*keys) : std::string();
  return refused(
      "access.ntlm", "the caller sent NTLM, and only Kerberos is taken",
      hosts.empty()
          ? "use the name that the agent's keytab was made for, fully qualified and not an "
            "address; it must be registered once in the domain: setspn -S HTTP/NAME ACCOUNT"
          : fmt::format("ask for {}, fully qualified as here and no address; the domain must know "
                        "the name, once: setspn -S HTTP/{} ACCOUNT",
                        hosts, keys->hosts.front()));
}

}  // namespace

Result<Acceptor> Acceptor::open(const std::string& keytab_file) {
  const std::string keytab = "FILE:" + keytab_file;
  if (const auto keys = read_service_keys(keytab_file); !keys) {
    return std::unexpected(keys.error());
  }
  std::array<gss_OID_desc, 2> mechanisms = {*krb5_mechanism(), *spnego_mechanism()};
  gss_OID_set_desc set{mechanisms.size(), mechanisms.data()};
  gss_key_value_element_desc element{"keytab", keytab.c_str()};
  const gss_key_value_set_desc store{1, &element};
  Credential credential;
  OM_uint32 minor = 0;
  OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set,
                                          GSS_C_ACCEPT, &store, credential.out(), nullptr, nullptr);
  if (GSS_ERROR(major) == 0) {
    gss_OID_set_desc kerberos{1, krb5_mechanism()};
    major = gss_set_neg_mechs(&minor, credential.get(), &kerberos);
  }
  if (GSS_ERROR(major) != 0) {
    return fail(Reason::process, "access.keytab",
                fmt::format("no key can be taken from the keytab {}", quote(keytab_file)),
                "look at the file: klist -ekt", status_text(major, minor, krb5_mechanism()));
  }
  return Acceptor(keytab_file, std::move(credential));
}

Result<Accepted> Acceptor::accept(std::string_view token, std::string_view bindings) const {
  if (token.contains(kNtlmMark)) {
    return std::unexpected(no_kerberos(keytab_file_));
  }
  gss_channel_bindings_struct own{};
  own.application_data = argument(bindings);
  gss_buffer_desc input = argument(token);
  Context context;
  Name name;
  Buffer reply;
  OM_uint32 minor = 0;
  OM_uint32 flags = 0;
  gss_OID mechanism = GSS_C_NO_OID;
  const OM_uint32 major =
      gss_accept_sec_context(&minor, context.out(), credential_.get(), &input,
                             bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &own, name.out(),
                             &mechanism, reply.out(), &flags, nullptr, nullptr);
  const OM_uint32 routine = GSS_ROUTINE_ERROR(major);
  if (routine == GSS_S_DEFECTIVE_TOKEN || routine == GSS_S_BAD_MECH ||
      (major & GSS_S_CONTINUE_NEEDED) != 0) {
    return std::unexpected(
        refused("access.not_kerberos", "the caller's first token is none of Kerberos",
                "the caller must offer Kerberos first, as browsers and curl do"));
  }
  if (GSS_ERROR(major) != 0) {
    return std::unexpected(why_refused(major, minor, reply.view(), keytab_file_));
  }
  Accepted accepted{.principal = principal_of(name),
                    .logon_info = logon_info_of(name),
                    .bound = (flags & GSS_C_CHANNEL_BOUND_FLAG) != 0,
                    .reply = std::string(reply.view())};
  if (accepted.principal.empty() || (flags & GSS_C_ANON_FLAG) != 0) {
    return std::unexpected(
        refused("access.ticket", "the caller's ticket names nobody", "log on with an account"));
  }
  return accepted;
}

}  // namespace sfb::gss
