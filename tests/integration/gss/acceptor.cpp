#include "tests/integration/gss/acceptor.hpp"

#include "agent/base/base64.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <stdexcept>

namespace sfb::gss::testing {

namespace {

Credential acquire(gss_OID inner, const char* keytab) {
  std::vector<gss_OID_desc> mechanisms = {*inner, *spnego_mechanism()};
  gss_OID_set_desc set{mechanisms.size(), mechanisms.data()};
  gss_key_value_element_desc element{"keytab", keytab};
  const gss_key_value_set_desc store{1, &element};
  Credential credential;
  OM_uint32 minor = 0;
  const OM_uint32 major = gss_acquire_cred_from(
      &minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, &set, GSS_C_ACCEPT,
      keytab == nullptr ? GSS_C_NO_CRED_STORE : &store, credential.out(), nullptr, nullptr);
  if (GSS_ERROR(major)) {
    throw std::runtime_error("no acceptor: " + status_text(major, minor, inner));
  }
  return credential;
}

}  // namespace

Acceptor Acceptor::of_keytab(const std::string& keytab) {
  Acceptor server;
  server.credential_ = acquire(krb5_mechanism(), keytab.c_str());
  return server;
}

Acceptor Acceptor::of_ntlm(const std::string& users) {
  ::setenv("NTLM_USER_FILE", users.c_str(), 1);
  Acceptor server;
  server.credential_ = acquire(ntlm_mechanism(), nullptr);
  return server;
}

Accepted Acceptor::accept(std::string_view token) {
  gss_channel_bindings_struct own{};
  own.application_data = argument(bindings);
  gss_buffer_desc input = argument(token);
  Buffer output;
  Name name;
  OM_uint32 minor = 0;
  Accepted accepted;
  accepted.major =
      gss_accept_sec_context(&minor, context_.out(), credential_.get(), &input,
                             bindings.empty() ? GSS_C_NO_CHANNEL_BINDINGS : &own, name.out(),
                             nullptr, output.out(), &flags_, nullptr, nullptr);
  accepted.token = std::string(output.view());
  if (accepted.complete()) {
    Buffer text;
    gss_display_name(&minor, name.get(), text.out(), nullptr);
    client_ = std::string(text.view().substr(0, text.view().find('\0')));
  }
  if (accepted.failed()) {
    context_.reset();
  }
  return accepted;
}

std::string token_of(std::string_view authorization) {
  const std::size_t blank = authorization.find(' ');
  return base64_decode(authorization.substr(blank + 1)).value_or("");
}

std::string challenge(std::string_view word, std::string_view token) {
  return token.empty() ? std::string(word) : fmt::format("{} {}", word, base64_encode(token));
}

Talk talk(auth::Scheme& scheme, Acceptor& server, TalkOptions options) {
  Talk talk{scheme.step({}), 0};
  while (talk.step && !talk.step->body && talk.legs < 10) {
    ++talk.legs;
    const Accepted accepted = server.accept(token_of(talk.step->authorization.reveal()));
    std::vector<std::string> challenges;
    if (!accepted.complete() || (!accepted.token.empty() && !options.keep_last_token)) {
      challenges.push_back(challenge(options.word, accepted.token));
    }
    talk.step = accepted.complete() ? scheme.let_in(challenges) : scheme.step(challenges);
  }
  return talk;
}

}  // namespace sfb::gss::testing
