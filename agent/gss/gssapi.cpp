#include "agent/gss/gssapi.hpp"

#include "agent/base/text.hpp"

#include <fmt/format.h>

#include <array>

namespace sfb::gss {

namespace {

std::string texts(OM_uint32 code, int type, gss_OID mechanism) {
  std::string all;
  OM_uint32 more = 0;
  do {
    OM_uint32 minor = 0;
    Buffer text;
    if (GSS_ERROR(gss_display_status(&minor, code, type, mechanism, &more, text.out()))) {
      break;
    }
    all += all.empty() ? "" : "; ";
    all += text.view().substr(0, text.view().find('\0'));
  } while (more != 0);
  return all;
}

}  // namespace

gss_OID krb5_mechanism() {
  static std::array<unsigned char, 9> bytes = {0x2A, 0x86, 0x48, 0x86, 0xF7,
                                               0x12, 0x01, 0x02, 0x02};
  static gss_OID_desc oid{bytes.size(), bytes.data()};
  return &oid;
}

gss_OID ntlm_mechanism() {
  static std::array<unsigned char, 10> bytes = {0x2B, 0x06, 0x01, 0x04, 0x01,
                                                0x82, 0x37, 0x02, 0x02, 0x0A};
  static gss_OID_desc oid{bytes.size(), bytes.data()};
  return &oid;
}

gss_OID spnego_mechanism() {
  static std::array<unsigned char, 6> bytes = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x02};
  static gss_OID_desc oid{bytes.size(), bytes.data()};
  return &oid;
}

gss_buffer_desc argument(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string status_text(OM_uint32 major, OM_uint32 minor, gss_OID mechanism) {
  std::string text = minor == 0 ? std::string() : texts(minor, GSS_C_MECH_CODE, mechanism);
  return text.empty() ? texts(major, GSS_C_GSS_CODE, GSS_C_NO_OID) : text;
}

Result<Name> import_name(const std::string& text, gss_OID type) {
  Name name;
  OM_uint32 minor = 0;
  gss_buffer_desc bytes = argument(text);
  const OM_uint32 major = gss_import_name(&minor, &bytes, type, name.out());
  if (GSS_ERROR(major)) {
    return fail(Reason::internal, "auth.name",
                fmt::format("the name {} cannot be handed to GSSAPI", quote(text)), {},
                status_text(major, minor, GSS_C_NO_OID));
  }
  return name;
}

}  // namespace sfb::gss
