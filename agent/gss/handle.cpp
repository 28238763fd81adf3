#include "agent/gss/handle.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string_view>

namespace sfb::gss {

namespace {

// The mechanisms that are there, by the names that administrators know.
std::string loaded_mechanisms() {
  gss_OID_set all = GSS_C_NO_OID_SET;
  OM_uint32 minor = 0;
  std::vector<std::string_view> names;
  if (GSS_ERROR(gss_indicate_mechs(&minor, &all))) {
    return "none";
  }
  const std::array<std::pair<gss_OID, std::string_view>, 3> known = {
      {{krb5_mechanism(), "krb5"}, {spnego_mechanism(), "SPNEGO"}, {ntlm_mechanism(), "NTLM"}}};
  for (const auto& [oid, name] : known) {
    int present = 0;
    if (!GSS_ERROR(gss_test_oid_set_member(&minor, oid, all, &present)) && present != 0) {
      names.push_back(name);
    }
  }
  gss_release_oid_set(&minor, &all);
  return fmt::format("{}", fmt::join(names, ", "));
}

Error no_mechanism(gss_OID mechanism, OM_uint32 major, OM_uint32 minor) {
  return Error{.reason = Reason::internal,
               .code = "auth.no_mechanism",
               .message = fmt::format("GSSAPI gives no credential of {} (loaded: {})",
                                      mechanism == ntlm_mechanism() ? "NTLM" : "Kerberos",
                                      loaded_mechanisms()),
               .remedy = mechanism == ntlm_mechanism() ? "install the package gss-ntlmssp"
                                                       : "install the package libgssapi-krb5-2",
               .peer = status_text(major, minor, mechanism)};
}

// SPNEGO offers this mechanism alone.
OM_uint32 restrict_to(OM_uint32& minor, const Credential& spnego, gss_OID mechanism) {
  gss_OID_set_desc only{1, mechanism};
  return gss_set_neg_mechs(&minor, spnego.get(), &only);
}

WallTime time_of(krb5_timestamp stamp) {
  return WallTime(std::chrono::seconds(static_cast<std::uint32_t>(stamp)));
}

std::string sealed_with(const krb5_ticket& ticket, const krb5_creds& creds) {
  return fmt::format("{} (session {}), kvno {}, until {}", enctype_name(ticket.enc_part.enctype),
                     enctype_name(creds.keyblock.enctype), ticket.enc_part.kvno,
                     format_iso8601(time_of(creds.times.endtime)));
}

krb5_error_code name_service(const Krb5& krb5, const Service& service, Krb5Principal& server) {
  return krb5_sname_to_principal(krb5.get(), service.host.c_str(), service.name.c_str(),
                                 KRB5_NT_SRV_HST, server.out());
}

krb5_error_code look_up(const Krb5& krb5, krb5_ccache cache, const Service& service,
                        krb5_flags flags, Krb5Creds& creds) {
  Krb5Principal server(krb5);
  Krb5Principal client(krb5);
  krb5_error_code code = name_service(krb5, service, server);
  if (code == 0) {
    code = krb5_cc_get_principal(krb5.get(), cache, client.out());
  }
  if (code == 0) {
    krb5_creds wanted{};
    wanted.client = client.get();
    wanted.server = server.get();
    code = krb5_get_credentials(krb5.get(), flags, cache, &wanted, creds.out());
  }
  return code;
}

// A new cache with the tickets to ask with.
krb5_error_code copy_granting(const Krb5& krb5, krb5_ccache from, Krb5OwnCache& to,
                              std::size_t& copied) {
  Krb5Principal client(krb5);
  krb5_error_code code = krb5_cc_new_unique(krb5.get(), "MEMORY", nullptr, to.out());
  if (code == 0) {
    code = krb5_cc_get_principal(krb5.get(), from, client.out());
  }
  if (code == 0) {
    code = krb5_cc_initialize(krb5.get(), to.get(), client.get());
  }
  if (code == 0) {
    code = each_credential(krb5, from, [&](krb5_creds& one) {
      if (grants_tickets(one) && krb5_cc_store_cred(krb5.get(), to.get(), &one) == 0) {
        ++copied;
      }
    });
  }
  return code;
}

void remove_ticket(const Krb5& krb5, krb5_ccache cache, const Service& service) {
  Krb5Principal server(krb5);
  Krb5Principal client(krb5);
  if (name_service(krb5, service, server) == 0 &&
      krb5_cc_get_principal(krb5.get(), cache, client.out()) == 0) {
    krb5_creds old{};
    old.client = client.get();
    old.server = server.get();
    krb5_cc_remove_cred(krb5.get(), cache, KRB5_TC_MATCH_SRV_NAMEONLY, &old);
  }
}

// The ticket names the realm that gave it. Where no realm was known for the host when it was asked
// for, the cache has it without one.
void note_ticket(const Krb5& krb5, const krb5_creds& creds, Facts& facts) {
  Krb5Ticket ticket(krb5);
  if (krb5_decode_ticket(&creds.ticket, ticket.out()) != 0) {
    facts.emplace_back("ticket", krb5.name_of(creds.server));
    facts.emplace_back("enctype", enctype_name(creds.keyblock.enctype));
    return;
  }
  facts.emplace_back("ticket", krb5.name_of(ticket.get()->server));
  facts.emplace_back("enctype", sealed_with(*ticket.get(), creds));
}

}  // namespace

Handle::Handle(std::unique_ptr<Tickets> tickets) : tickets_(std::move(tickets)) {}

Handle::~Handle() = default;

Result<std::shared_ptr<Handle>> Handle::of_kerberos(std::unique_ptr<Tickets> tickets) {
  std::shared_ptr<Handle> handle(new Handle(std::move(tickets)));
  const std::string cache = handle->cache_name();
  gss_key_value_element_desc element{"ccache", cache.c_str()};
  const gss_key_value_set_desc store{1, &element};
  for (const bool spnego : {false, true}) {
    Credential& credential = spnego ? handle->spnego_ : handle->raw_;
    gss_OID_set_desc mechanism{1, spnego ? spnego_mechanism() : krb5_mechanism()};
    OM_uint32 minor = 0;
    OM_uint32 major =
        gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &mechanism, GSS_C_INITIATE,
                              &store, credential.out(), nullptr, nullptr);
    if (!GSS_ERROR(major) && spnego) {
      major = restrict_to(minor, credential, krb5_mechanism());
    }
    if (GSS_ERROR(major)) {
      return std::unexpected(no_mechanism(krb5_mechanism(), major, minor));
    }
  }
  return handle;
}

Result<std::shared_ptr<Handle>> Handle::of_ntlm(const std::string& name, const Secret& password,
                                                bool spnego) {
  std::shared_ptr<Handle> handle(new Handle(nullptr));
  auto user = import_name(name, GSS_C_NT_USER_NAME);
  if (!user) {
    return std::unexpected(std::move(user.error()));
  }
  // Through a store: with gss_acquire_cred_with_password, SPNEGO would ask the KDC, too. For
  // Kerberos it names what is empty. (A secret is the whole of its string, so a zero stands behind
  // it.)
  std::array<gss_key_value_element_desc, 3> elements = {
      {{"ntlmssp_password", password.reveal().data()},
       {"ccache", "MEMORY:sfb-none"},
       {"client_keytab", "MEMORY:sfb-none"}}};
  const gss_key_value_set_desc store{elements.size(), elements.data()};
  Credential& credential = spnego ? handle->spnego_ : handle->raw_;
  gss_OID_set_desc mechanism{1, spnego ? spnego_mechanism() : ntlm_mechanism()};
  OM_uint32 minor = 0;
  OM_uint32 major =
      gss_acquire_cred_from(&minor, user->get(), GSS_C_INDEFINITE, &mechanism, GSS_C_INITIATE,
                            &store, credential.out(), nullptr, nullptr);
  if (!GSS_ERROR(major) && spnego) {
    major = restrict_to(minor, credential, ntlm_mechanism());
  }
  if (GSS_ERROR(major)) {
    return std::unexpected(no_mechanism(ntlm_mechanism(), major, minor));
  }
  return handle;
}

std::string Handle::cache_name() const {
  return fmt::format("MEMORY:{}", krb5_cc_get_name(tickets_->krb5->get(), tickets_->cache.get()));
}

Status Handle::get_ticket(const Service& service, Facts& facts, From from, const OnAsk& on_ask) {
  Circumstances of = tickets_->of;
  of.step = Step::ticket;
  of.spn = spn_of(service);
  facts.emplace_back("spn", of.spn);
  if (from != From::kdc) {
    const auto here = lock();
    const Krb5& krb5 = *tickets_->krb5;
    Krb5Creds creds(krb5);
    const krb5_error_code code =
        look_up(krb5, tickets_->cache.get(), service, KRB5_GC_CACHED, creds);
    if (code == 0) {
      note_ticket(krb5, *creds.get(), facts);
      return {};
    }
    if (from == From::cache) {
      return std::unexpected(
          explain(GSS_S_FAILURE, static_cast<std::uint32_t>(code), krb5.text(code), of));
    }
  }
  return ask_for_ticket(service, of, facts, from == From::kdc, on_ask);
}

// In a cache and a context of its own: who only uses the handle does not wait.
Status Handle::ask_for_ticket(const Service& service, const Circumstances& of, Facts& facts,
                              bool anew, const OnAsk& on_ask) {
  auto own = Krb5::create();
  if (!own) {
    return std::unexpected(std::move(own.error()));
  }
  const Krb5& krb5 = **own;
  if (on_ask) {
    on_ask(of, krb5.trace());
  }
  // Resolved, it also brings the difference of the clocks.
  Krb5GivenCache shared(krb5);
  Krb5OwnCache beside(krb5);
  Krb5Creds creds(krb5);
  std::size_t copied = 0;
  krb5_error_code code = krb5_cc_resolve(krb5.get(), cache_name().c_str(), shared.out());
  if (code == 0) {
    code = copy_granting(krb5, shared.get(), beside, copied);
  }
  if (code == 0) {
    code = look_up(krb5, beside.get(), service, 0, creds);
  }
  Circumstances asked = of;
  asked.kdcs = krb5.trace()->kdcs();
  if (!asked.kdcs.empty()) {
    facts.emplace_back("kdcs", asked.kdcs);
  }
  if (code != 0) {
    return std::unexpected(
        explain(GSS_S_FAILURE, static_cast<std::uint32_t>(code), krb5.text(code), asked));
  }
  note_ticket(krb5, *creds.get(), facts);
  const auto here = lock();
  remove_ticket(krb5, shared.get(), service);
  std::size_t seen = 0;
  each_credential(krb5, beside.get(), [&](krb5_creds& one) {
    if (++seen > copied && (!anew || !grants_tickets(one))) {
      krb5_cc_store_cred(krb5.get(), shared.get(), &one);
    }
  });
  return {};
}

}  // namespace sfb::gss
