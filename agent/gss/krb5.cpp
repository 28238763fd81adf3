#include "agent/gss/krb5.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace sfb::gss {

Result<std::unique_ptr<Krb5>> Krb5::create() {
  std::unique_ptr<Krb5> krb5(new Krb5);
  const krb5_error_code code = krb5_init_context(&krb5->context_);
  if (code != 0) {
    krb5->context_ = nullptr;
    return fail(Reason::process, "auth.krb5_conf", "the Kerberos configuration cannot be read",
                "mend /etc/krb5.conf and let the agent's user read it", krb5->text(code));
  }
  krb5_set_trace_callback(krb5->context_, &Krb5::on_trace, krb5.get());
  return krb5;
}

Krb5::~Krb5() {
  if (context_ != nullptr) {
    krb5_free_context(context_);
  }
}

std::string Krb5::text(krb5_error_code code) const {
  const char* message = krb5_get_error_message(context_, code);
  std::string text = message == nullptr ? std::string() : message;
  krb5_free_error_message(context_, message);
  return text;
}

std::string Krb5::name_of(krb5_const_principal principal) const {
  char* name = nullptr;
  if (principal == nullptr || krb5_unparse_name(context_, principal, &name) != 0) {
    return {};
  }
  std::string text(name);
  krb5_free_unparsed_name(context_, name);
  return text;
}

void Krb5::on_trace(krb5_context /*context*/, const krb5_trace_info* info, void* self) {
  if (info != nullptr && info->message != nullptr) {
    static_cast<Krb5*>(self)->trace_->hear(info->message);
  }
}

bool grants_tickets(const krb5_creds& creds) {
  const krb5_data& first = creds.server->data[0];
  return creds.server->length == 2 && std::string_view(first.data, first.length) == "krbtgt";
}

std::string enctype_name(krb5_enctype enctype) {
  std::array<char, 100> name{};
  return krb5_enctype_to_name(enctype, 0, name.data(), name.size()) == 0
             ? std::string(name.data())
             : fmt::format("enctype {}", enctype);
}

}  // namespace sfb::gss
