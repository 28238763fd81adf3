// The command over TLS, against OpenSSL's own server: whom it believes, what it shows, and what it
// says when something does not fit.
#include "agent/client/client.hpp"
#include "tests/integration/http/script_peer.hpp"
#include "tests/integration/net/pki.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <memory>
#include <string>

namespace sfb::client {
namespace {

using namespace std::chrono_literals;
using http::ScriptPeer;
using http::Wire;
using net::TempFile;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const net::Identity& tls_root() {
  static const net::Identity made = net::make_identity({"Agents' Root", "", true});
  return made;
}

const net::Identity& agent_identity() {
  static const net::Identity made =
      net::make_identity({"agent", "DNS:localhost,IP:127.0.0.1", false}, &tls_root());
  return made;
}

std::string key_of(const net::Identity& identity) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> memory(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(memory.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &text);  // NOLINT: its macro
  return {text, static_cast<std::size_t>(size)};
}

/// A request without a body.
std::string head_of(Wire& wire) {
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    const std::string more = wire.read_some();
    if (more.empty()) {
      break;
    }
    head += more;
  }
  return head;
}

std::string url_of(const ScriptPeer& peer, const std::string& host = "127.0.0.1") {
  return "https://" + host + ":" + std::to_string(peer.port);
}

/// An agent that answers with the request it got.
struct TlsAgent {
  explicit TlsAgent(const net::Identity& identity = agent_identity(),
                    bool wants_certificate = false, int newest = 0)
      : context(http::server_context(identity, {}, 0, newest)), peer([this](Wire& wire) {
          if (wire.accept_tls(context.get())) {
            const std::string request = head_of(wire);
            wire.send(http::answer_of(request, "X-Outcome: good\r\n"));
          }
        }) {
    if (wants_certificate) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), tls_root().certificate.get());
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  std::string url(const std::string& host = "127.0.0.1") const { return url_of(peer, host); }

  http::ServerContext context;
  ScriptPeer peer;
};

Printout ask(Access access) {
  RunOptions options;
  options.access = std::move(access);
  options.width = 80;
  options.timeout = 60s;
  return run(collectors::pool_status().cmdlet(), {"-Pool", "atl.example.com"}, options);
}

TEST(RunTls, AsksAndShowsItsLoginToWhomItBelieves) {
  const TlsAgent agent;
  const TempFile ca(tls_root().pem());
  const TempFile password("secret\n");
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const Printout shown = ask({.url = agent.url(host),
                                .ca_file = ca.path,
                                .user = "prom",
                                .password_file = password.path});
    EXPECT_EQ(shown.exit_code, 0) << shown.err;
    EXPECT_THAT(shown.out, AllOf(HasSubstr("GET /api/v1/Get-CsBackupServiceStatus?Pool=atl"),
                                 HasSubstr("Authorization: Basic cHJvbTpzZWNyZXQ=\r\n"),
                                 HasSubstr("Host: " + host)));
  }
}

TEST(RunTls, AnUnknownCaGetsNoLogin) {
  const TlsAgent agent;
  const TempFile other(net::make_identity({"Other Root", "", true}).pem());
  const TempFile password("secret\n");
  const Printout shown = ask(
      {.url = agent.url(), .ca_file = other.path, .user = "prom", .password_file = password.path});
  EXPECT_EQ(shown.exit_code, 1);
  EXPECT_EQ(shown.out, "");
  EXPECT_THAT(shown.err, AllOf(HasSubstr("SFB_BACKUP_EXPORTER_CA_FILE"), HasSubstr(agent.url())));
}

TEST(RunTls, AnotherNameIsToldByItsOwn) {
  const net::Identity elsewhere =
      net::make_identity({"mon", "DNS:mon.example.com", false}, &tls_root());
  const TlsAgent agent(elsewhere);
  const TempFile ca(tls_root().pem());
  const Printout shown = ask({.url = agent.url(), .ca_file = ca.path});
  EXPECT_EQ(shown.exit_code, 1);
  EXPECT_THAT(shown.err, AllOf(HasSubstr("the certificate is for another name"),
                               HasSubstr("mon.example.com"), HasSubstr("SFB_BACKUP_EXPORTER_URL")));
}

TEST(RunTls, FilesThatCannotBeUsed) {
  const TlsAgent agent;
  const TempFile ca(tls_root().pem());
  const TempFile empty("nothing\n");
  const TempFile certificate(agent_identity().pem());
  const TempFile key(key_of(tls_root()));
  struct Case {
    Access access;
    std::string said;
  };
  for (const Case& each :
       {Case{{.ca_file = empty.path}, "SFB_BACKUP_EXPORTER_CA_FILE"},
        Case{{.ca_file = ca.path, .cert_file = empty.path}, "SFB_BACKUP_EXPORTER_CERT_FILE"},
        Case{{.ca_file = ca.path, .cert_file = certificate.path}, "SFB_BACKUP_EXPORTER_KEY_FILE"},
        Case{{.ca_file = ca.path, .cert_file = certificate.path, .key_file = key.path},
             "SFB_BACKUP_EXPORTER_KEY_FILE"}}) {
    Access access = each.access;
    access.url = agent.url();
    const Printout shown = ask(std::move(access));
    EXPECT_EQ(shown.exit_code, 1);
    EXPECT_THAT(shown.err, HasSubstr(each.said));
  }
  EXPECT_EQ(agent.peer.accepted, 0) << "nothing was asked";
}

TEST(RunTls, ShowsItsCertificateWhereOneIsWanted) {
  for (const int newest : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const TlsAgent agent(agent_identity(), true, newest);
    const TempFile ca(tls_root().pem());
    const net::Identity own = net::make_identity({"desk", "", false}, &tls_root());
    const TempFile both(own.pem() + key_of(own));
    const TempFile certificate(own.pem());
    const TempFile key(key_of(own));
    const Printout one = ask({.url = agent.url(), .ca_file = ca.path, .cert_file = both.path});
    EXPECT_EQ(one.exit_code, 0) << one.err;
    const Printout two = ask({.url = agent.url(),
                              .ca_file = ca.path,
                              .cert_file = certificate.path,
                              .key_file = key.path});
    EXPECT_EQ(two.exit_code, 0) << two.err;

    const Printout none = ask({.url = agent.url(), .ca_file = ca.path});
    EXPECT_EQ(none.exit_code, 1);
    EXPECT_THAT(none.err, AllOf(HasSubstr("the agent wants a client certificate"),
                                HasSubstr("SFB_BACKUP_EXPORTER_CERT_FILE")));
    const net::Identity stranger = net::make_identity({"stranger", "", false});
    const TempFile theirs(stranger.pem() + key_of(stranger));
    const Printout refused =
        ask({.url = agent.url(), .ca_file = ca.path, .cert_file = theirs.path});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_THAT(refused.err, HasSubstr("does not take this client certificate"));
  }
}

TEST(RunTls, ThePlainPortIsToldApart) {
  const ScriptPeer plain([](Wire& wire) {
    wire.read_some();
    wire.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  const Printout shown = ask({.url = url_of(plain)});
  EXPECT_EQ(shown.exit_code, 1);
  EXPECT_THAT(shown.err, HasSubstr("write http:// into SFB_BACKUP_EXPORTER_URL"));
}

TEST(RunTls, ALoginThatIsWantedOrWrongIsTold) {
  const ScriptPeer agent([](Wire& wire) {
    head_of(wire);
    wire.send(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 13\r\nConnection: "
        "close\r\n\r\nUnauthorized\n");
  });
  const std::string url = "http://127.0.0.1:" + std::to_string(agent.port);
  const Printout none = ask({.url = url});
  EXPECT_EQ(none.exit_code, 1);
  EXPECT_THAT(none.err,
              AllOf(HasSubstr("Unauthorized\n"), HasSubstr("set SFB_BACKUP_EXPORTER_USER")));
  const TempFile token("canary\n");
  const Printout wrong = ask({.url = url, .token_file = token.path});
  EXPECT_THAT(wrong.err, AllOf(HasSubstr("does not take the login"), Not(HasSubstr("canary"))));
}

}  // namespace
}  // namespace sfb::client
