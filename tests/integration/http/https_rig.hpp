// One attempt at a server with a certificate of some kind.
#pragma once

#include "tests/integration/http/http_rig.hpp"
#include "tests/integration/http/script_peer.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::http {

/// The CA of most tests.
inline const net::Identity& root() {
  static const net::Identity made = net::make_identity({"Test Root", "", true});
  return made;
}

inline std::shared_ptr<net::TlsClient> trusting(const std::string& pem,
                                                const std::string& server_name = {},
                                                net::TlsVersion minimum = net::TlsVersion::tls1_2) {
  const net::TempFile file(pem);
  return net::TlsClient::create({file.path, server_name, minimum}).value();
}

// Answers every request over TLS.
inline ScriptPeer::Script serve(SSL_CTX* context) {
  return [context](Wire& wire) {
    if (!wire.accept_tls(context)) {
      return;
    }
    while (!wire.read_request().empty() && wire.send(answer_of("hello"))) {
    }
  };
}

struct Attempt {
  Status opened;
  std::optional<net::TlsInfo> info;
  std::vector<StageTime> times;
};

inline Attempt attempt(const ServerContext& context, std::shared_ptr<net::TlsClient> tls,
                       std::string_view host = "fe.test") {
  ScriptPeer peer(serve(context.get()));
  HttpRig rig(peer.url("https", host), std::move(tls));
  Attempt out{rig.open(), rig.connection->tls_info(), rig.times};
  EXPECT_EQ(rig.usable(), out.opened.has_value());
  if (out.opened) {
    const auto reply = rig.post("<x/>");
    EXPECT_EQ(code_of(reply), "ok");
    EXPECT_TRUE(rig.usable());
    EXPECT_EQ(code_of(rig.post("<y/>")), "ok");
    EXPECT_EQ(peer.accepted, 1);
  } else {
    EXPECT_EQ(out.opened.error().stage, Stage::tls);
    EXPECT_EQ(out.opened.error().reason, Reason::tls);
    EXPECT_NE(out.opened.error().remedy, "");
    EXPECT_EQ(code_of(rig.post("<x/>")), "http.closed");
  }
  return out;
}

/// As `trusting`, by way of the system's store.
inline std::shared_ptr<net::TlsClient> trusting_system(const std::string& pem) {
  const net::TempFile system(pem);
  const char* const before = ::getenv("SSL_CERT_FILE");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("SSL_CERT_FILE", system.path.c_str(), 1);
  auto made = net::TlsClient::create({}).value();
  if (before == nullptr) {
    ::unsetenv("SSL_CERT_FILE");
  } else {
    ::setenv("SSL_CERT_FILE", kept.c_str(), 1);
  }
  return made;
}

}  // namespace sfb::http
