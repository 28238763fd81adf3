#include "tests/simulator/acceptor.hpp"

#include "agent/base/text.hpp"
#include "tests/simulator/ntlm_tokens.hpp"

#include <fmt/format.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace sim {

namespace {

// GSSAPI's structures are not const, though it only reads them.
gss_OID_desc oid(std::string_view bytes) {
  return {static_cast<OM_uint32>(bytes.size()),
          const_cast<char*>(bytes.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}
gss_OID_desc g_krb5 = oid("\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
gss_OID_desc g_ntlm = oid("\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a");
gss_OID_desc g_spnego = oid("\x2b\x06\x01\x05\x05\x02");

constexpr std::size_t kNtlmSignature = 16;

gss_buffer_desc buffer_of(const std::string& bytes) {
  return {bytes.size(),
          const_cast<char*>(bytes.data())};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

class Buffer {
 public:
  Buffer() = default;
  ~Buffer() {
    OM_uint32 minor = 0;
    gss_release_buffer(&minor, &value);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::string text() const { return {static_cast<const char*>(value.value), value.length}; }

  gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
};

std::string text_of(OM_uint32 major, OM_uint32 minor, gss_OID mechanism) {
  std::string text;
  for (const auto& [code, type] : {std::pair{major, GSS_C_GSS_CODE}, {minor, GSS_C_MECH_CODE}}) {
    OM_uint32 more = 0;
    OM_uint32 ignored = 0;
    Buffer one;
    if (gss_display_status(&ignored, code, type, mechanism, &more, &one.value) == GSS_S_COMPLETE) {
      text += (text.empty() ? "" : ": ") + one.text();
    }
  }
  return text;
}

// A file that gss-ntlmssp reads its users from, without a trace on disk.
class UserFile {
 public:
  explicit UserFile(const std::string& line) : file_(::memfd_create("ntlm-users", MFD_CLOEXEC)) {
    if (::write(file_, line.data(), line.size()) < 0) {
      return;  // then there is no such user
    }
    ::setenv("NTLM_USER_FILE", fmt::format("/proc/self/fd/{}", file_).c_str(), 1);
  }
  ~UserFile() {
    ::unsetenv("NTLM_USER_FILE");
    ::close(file_);
  }
  UserFile(const UserFile&) = delete;
  UserFile& operator=(const UserFile&) = delete;

 private:
  int file_;
};

// The scenario's user for what the client calls itself: DOMAIN\user, user@DOMAIN, or a user of any
// domain.
std::string user_line(const AcceptorRules& rules, const NtlmAuthenticate& client) {
  for (const auto& [name, password] : rules.users) {
    if (sfb::iequals(name, client.user) ||
        sfb::iequals(name, fmt::format("{}\\{}", client.domain, client.user)) ||
        sfb::iequals(name, fmt::format("{}@{}", client.user, client.domain))) {
      return fmt::format("{}:{}:{}\n", client.domain, client.user, password);
    }
  }
  return "";
}

class GssAcceptor : public Acceptor {
 public:
  explicit GssAcceptor(AcceptorRules rules) : rules_(std::move(rules)) {}
  ~GssAcceptor() override {
    OM_uint32 minor = 0;
    gss_delete_sec_context(&minor, &context_, GSS_C_NO_BUFFER);
    gss_release_cred(&minor, &credential_);
  }
  GssAcceptor(const GssAcceptor&) = delete;
  GssAcceptor& operator=(const GssAcceptor&) = delete;

  /// An error text when these mechanisms cannot be accepted.
  std::string acquire(std::vector<gss_OID_desc> mechanisms, bool spnego) {
    gss_OID_set_desc inner{mechanisms.size(), mechanisms.data()};
    std::vector<gss_OID_desc> all = mechanisms;
    if (spnego) {
      all.push_back(g_spnego);  // its clients may also leave it out
    }
    gss_OID_set_desc wanted{all.size(), all.data()};
    // Not by a credential store: gss-ntlmssp takes one for a client's. The keytab is read at each
    // token, so that a key may change.
    if (!rules_.keytab.empty()) {
      krb5_gss_register_acceptor_identity(rules_.keytab.c_str());
    }
    OM_uint32 minor = 0;
    OM_uint32 major = gss_acquire_cred(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &wanted,
                                       GSS_C_ACCEPT, &credential_, nullptr, nullptr);
    if (!GSS_ERROR(major) && spnego) {
      major = gss_set_neg_mechs(&minor, credential_, &inner);
    }
    return GSS_ERROR(major) ? text_of(major, minor, mechanisms.data()) : "";
  }

  Answer take(const std::string& token) override {
    const auto ntlm = read_ntlm_authenticate(token);
    const UserFile users(ntlm ? user_line(rules_, *ntlm) : "");
    gss_channel_bindings_struct bindings{};
    bindings.application_data = buffer_of(rules_.bindings);
    gss_buffer_desc input = buffer_of(token);
    Buffer output;
    OM_uint32 minor = 0;
    OM_uint32 flags = 0;
    gss_name_t client = GSS_C_NO_NAME;
    gss_OID mechanism = GSS_C_NO_OID;
    const OM_uint32 major =
        gss_accept_sec_context(&minor, &context_, credential_, &input,
                               rules_.bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &bindings,
                               &client, &mechanism, &output.value, &flags, nullptr, nullptr);
    Answer answer;
    if (ntlm) {
      learn(*ntlm);
    }
    if (GSS_ERROR(major)) {
      answer.why = text_of(major, minor, mechanism);
    } else if (major == GSS_S_CONTINUE_NEEDED) {
      answer.state = Answer::State::more;
    } else {
      learn(client, mechanism, flags);
      const bool refused = rules_.must_be_bound && facts_["bound"] != "true";
      answer.state = refused ? Answer::State::refused : Answer::State::done;
      answer.why = refused ? "it has no channel bindings" : "";
    }
    answer.token = output.text();
    gss_release_name(&minor, &client);
    return answer;
  }

  const std::map<std::string, std::string>& facts() const override { return facts_; }

  std::expected<Sealed, std::string> wrap(const std::string& plain, bool plainly) override {
    return kerberos() && !plainly ? wrap_apart(plain) : wrap_whole(plain);
  }

  std::expected<std::string, std::string> unwrap(Sealed sealed) override {
    // Tokens of RC4 and of NTLM are one piece; RC4's padding only that form takes off.
    const bool whole = !kerberos() || sealed.signature.starts_with('\x60');
    return whole ? unwrap_whole(sealed.signature + sealed.text) : unwrap_apart(std::move(sealed));
  }

 private:
  void learn(const NtlmAuthenticate& ntlm) {
    facts_["user"] = ntlm.domain.empty() ? ntlm.user : ntlm.domain + "\\" + ntlm.user;
    facts_["target"] = ntlm.target;
    facts_["bound"] = ntlm.bound ? "true" : "false";
  }

  void learn(gss_name_t client, gss_OID mechanism, OM_uint32 flags) {
    OM_uint32 minor = 0;
    kerberos_ = mechanism != GSS_C_NO_OID && mechanism->length == g_krb5.length &&
                std::memcmp(mechanism->elements, g_krb5.elements, g_krb5.length) == 0;
    facts_["method"] = kerberos_ ? "kerberos" : "ntlm";
    if (kerberos_) {
      Buffer user;
      Buffer service;
      gss_name_t target = GSS_C_NO_NAME;  // asked of an acceptor, gss-ntlmssp crashes
      gss_inquire_context(&minor, context_, nullptr, &target, nullptr, nullptr, nullptr, nullptr,
                          nullptr);
      gss_display_name(&minor, client, &user.value, nullptr);
      gss_display_name(&minor, target, &service.value, nullptr);
      facts_["user"] = user.text();
      facts_["target"] = service.text();
      facts_["bound"] = (flags & GSS_C_CHANNEL_BOUND_FLAG) != 0 ? "true" : "false";
      facts_["enctype"] = fmt::format("{}", enctype());
      gss_release_name(&minor, &target);
    }
  }

  // Of the session key: the last arc of an OID beside it.
  unsigned enctype() const {
    OM_uint32 minor = 0;
    gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
    unsigned last = 0;
    if (gss_inquire_sec_context_by_oid(&minor, context_, GSS_C_INQ_SSPI_SESSION_KEY, &set) ==
            GSS_S_COMPLETE &&
        set->count > 1) {
      const gss_buffer_desc& arcs = set->elements[1];
      last = static_cast<const unsigned char*>(arcs.value)[arcs.length - 1];
    }
    gss_release_buffer_set(&minor, &set);
    return last;
  }

  std::string failed(OM_uint32 major, OM_uint32 minor) const {
    return text_of(major, minor, kerberos_ ? &g_krb5 : &g_ntlm);
  }

  // Header, data, padding: what SSPI calls token and data.
  std::expected<Sealed, std::string> wrap_apart(const std::string& plain) {
    std::string data = plain;
    std::array<gss_iov_buffer_desc, 3> parts{};
    parts[0].type = GSS_IOV_BUFFER_TYPE_HEADER | GSS_IOV_BUFFER_FLAG_ALLOCATE;
    parts[1] = {GSS_IOV_BUFFER_TYPE_DATA, {data.size(), data.data()}};
    parts[2].type = GSS_IOV_BUFFER_TYPE_PADDING | GSS_IOV_BUFFER_FLAG_ALLOCATE;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gss_wrap_iov(&minor, context_, 1, GSS_C_QOP_DEFAULT, nullptr, parts.data(), 3);
    if (GSS_ERROR(major)) {
      return std::unexpected(failed(major, minor));
    }
    const auto bytes = [](const gss_iov_buffer_desc& part) {
      return std::string(static_cast<const char*>(part.buffer.value), part.buffer.length);
    };
    Sealed sealed{bytes(parts[0]), data + bytes(parts[2])};
    gss_release_iov_buffer(&minor, parts.data(), 3);
    return sealed;
  }

  std::expected<Sealed, std::string> wrap_whole(const std::string& plain) {
    gss_buffer_desc input = buffer_of(plain);
    Buffer output;
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gss_wrap(&minor, context_, 1, GSS_C_QOP_DEFAULT, &input, nullptr, &output.value);
    if (GSS_ERROR(major)) {
      return std::unexpected(failed(major, minor));
    }
    const std::string token = output.text();
    const std::size_t length = kerberos_ ? token.size() - plain.size() : kNtlmSignature;
    return Sealed{token.substr(0, length), token.substr(length)};
  }

  std::expected<std::string, std::string> unwrap_apart(Sealed sealed) {
    std::array<gss_iov_buffer_desc, 3> parts{};
    parts[0] = {GSS_IOV_BUFFER_TYPE_HEADER, {sealed.signature.size(), sealed.signature.data()}};
    parts[1] = {GSS_IOV_BUFFER_TYPE_DATA, {sealed.text.size(), sealed.text.data()}};
    parts[2].type = GSS_IOV_BUFFER_TYPE_PADDING;
    OM_uint32 minor = 0;
    int encrypted = 0;
    const OM_uint32 major = gss_unwrap_iov(&minor, context_, &encrypted, nullptr, parts.data(), 3);
    return opened(major, minor, encrypted, sealed.text);
  }

  std::expected<std::string, std::string> unwrap_whole(const std::string& token) {
    gss_buffer_desc input = buffer_of(token);
    Buffer output;
    OM_uint32 minor = 0;
    int encrypted = 0;
    const OM_uint32 major =
        gss_unwrap(&minor, context_, &input, &output.value, &encrypted, nullptr);
    return opened(major, minor, encrypted, output.text());
  }

  // A message out of order or seen before is no error of GSSAPI, but it is one here.
  std::expected<std::string, std::string> opened(OM_uint32 major, OM_uint32 minor, int encrypted,
                                                 std::string plain) const {
    if (major != GSS_S_COMPLETE) {
      return std::unexpected(failed(major, minor));
    }
    if (encrypted == 0) {
      return std::unexpected(std::string("it is signed only"));
    }
    return plain;
  }

  AcceptorRules rules_;
  gss_cred_id_t credential_ = GSS_C_NO_CREDENTIAL;
  gss_ctx_id_t context_ = GSS_C_NO_CONTEXT;
  bool kerberos_ = false;
  std::map<std::string, std::string> facts_;
};

}  // namespace

bool Acceptor::kerberos() const {
  const auto method = facts().find("method");
  return method != facts().end() && method->second == "kerberos";
}

std::expected<std::unique_ptr<Acceptor>, std::string> Acceptor::begin(const std::string& scheme,
                                                                      AcceptorRules rules) {
  const bool spnego = sfb::iequals(scheme, "Negotiate");
  std::vector<gss_OID_desc> mechanisms;
  if (!rules.keytab.empty() && (spnego || sfb::iequals(scheme, "Kerberos"))) {
    mechanisms.push_back(g_krb5);
  }
  if (!rules.users.empty() && (spnego || sfb::iequals(scheme, "NTLM"))) {
    mechanisms.push_back(g_ntlm);
  }
  if (mechanisms.empty()) {
    return std::unexpected(fmt::format("{}: there is no keytab and no user for it", scheme));
  }
  auto acceptor = std::make_unique<GssAcceptor>(std::move(rules));
  if (std::string error = acceptor->acquire(std::move(mechanisms), spnego); !error.empty()) {
    return std::unexpected(fmt::format("{}: {}", scheme, error));
  }
  return acceptor;
}

}  // namespace sim
