// CA certificates that were renewed or are not valid, and whose fault that is told to be.
#include "tests/integration/http/https_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace sfb::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

// A CA and its renewed certificate, under the same name; a server below it.
struct Renewal {
  explicit Renewal(bool same_key, const net::Identity* above = &root())
      : old(net::make_identity({"Issuing", "", true, -48h, -24h}, above)),
        renewed(net::make_identity({"Issuing", "", true}, above, same_key ? &old : nullptr)),
        server(net::make_identity({"fe.test", "DNS:fe.test"}, &renewed)) {}
  net::Identity old;
  net::Identity renewed;
  net::Identity server;
};

TEST(HttpsRenewal, TheExpiredOneOfARenewedCaIsNoHindrance) {
  const Renewal ca(true);
  const auto sends_new = server_context(ca.server, {&ca.renewed});
  const auto sends_old = server_context(ca.server, {&ca.old});
  const auto alone = server_context(ca.server);
  const std::string top = root().pem();
  EXPECT_TRUE(attempt(sends_new, trusting(top + ca.old.pem())).opened) << "over the server's";
  EXPECT_TRUE(attempt(sends_new, trusting(ca.old.pem() + top)).opened);
  for (const auto* context : {&sends_new, &sends_old, &alone}) {
    EXPECT_TRUE(attempt(*context, trusting(ca.old.pem() + ca.renewed.pem())).opened);
    EXPECT_TRUE(attempt(*context, trusting(ca.renewed.pem() + ca.old.pem())).opened);
  }
  const Renewal rekeyed(false);
  EXPECT_TRUE(
      attempt(server_context(rekeyed.server, {&rekeyed.renewed}), trusting(top + rekeyed.old.pem()))
          .opened);
  const Renewal top_ca(true, nullptr);
  EXPECT_TRUE(attempt(server_context(top_ca.server, {&top_ca.old}),
                      trusting(top_ca.old.pem() + top_ca.renewed.pem()))
                  .opened)
      << "a root's";
}

TEST(HttpsRenewal, AnExpiredCaInOurFileIsNotTheServersFault) {
  const auto expect_ours = [](const Attempt& made, std::string_view code = "tls.ca_expired") {
    ASSERT_EQ(code_of(made.opened), code);
    EXPECT_THAT(made.opened.error().message, HasSubstr("tls.ca_file (/"));
    EXPECT_THAT(made.opened.error().message, HasSubstr("\"CN=Issuing\""));
    EXPECT_THAT(made.opened.error().remedy, HasSubstr("replace it there"));
    EXPECT_THAT(made.opened.error().remedy, Not(HasSubstr("on the server")));
    EXPECT_EQ(made.opened.error().peer, "");
  };
  for (const bool same_key : {true, false}) {
    for (const net::Identity* const above : {&root(), static_cast<const net::Identity*>(nullptr)}) {
      SCOPED_TRACE(testing::Message() << same_key << (above == nullptr ? " a root" : ""));
      const Renewal ca(same_key, above);
      expect_ours(attempt(server_context(ca.server), trusting(ca.old.pem())));
      expect_ours(attempt(server_context(ca.server, {&ca.renewed}), trusting(ca.old.pem())));
      if (above == nullptr) {
        continue;
      }
      expect_ours(
          attempt(server_context(ca.server, {&ca.renewed, &root()}), trusting(ca.old.pem())));
    }
  }
  // The server still sends it too.
  const Renewal ca(true);
  expect_ours(attempt(server_context(ca.server, {&ca.old}), trusting(ca.old.pem())));
  expect_ours(attempt(server_context(ca.server, {&ca.old}), trusting(root().pem() + ca.old.pem())));
  const net::Identity early = net::make_identity({"Issuing", "", true, 24h, 48h});
  const net::Identity below = net::make_identity({"fe.test", "DNS:fe.test"}, &early);
  expect_ours(attempt(server_context(below), trusting(early.pem())), "tls.ca_not_yet_valid");
}

TEST(HttpsRenewal, OurExpiredCaIsNotBlamedForOtherFaults) {
  const Renewal ca(true);
  const net::Identity stranger = net::make_identity({"Stranger", "", true});
  const net::Identity theirs = net::make_identity({"fe.test", "DNS:fe.test"}, &stranger);
  EXPECT_EQ(code_of(attempt(server_context(theirs), trusting(ca.old.pem())).opened),
            "tls.unknown_issuer");
  const net::Identity old_leaf =
      net::make_identity({"fe.test", "DNS:fe.test", false, -48h, -24h}, &ca.renewed);
  EXPECT_EQ(code_of(attempt(server_context(old_leaf, {&ca.renewed}),
                            trusting(root().pem() + ca.old.pem()))
                        .opened),
            "tls.expired");
  // The server's own certificate, written into the file: it is the server that renews it.
  const net::Identity self = net::make_identity({"fe.test", "DNS:fe.test", false, -48h, -24h});
  const Attempt pinned = attempt(server_context(self), trusting(self.pem()));
  EXPECT_EQ(code_of(pinned.opened), "tls.expired");
  EXPECT_THAT(pinned.opened.error().remedy, HasSubstr("on the server"));
  // A CA of the same name with another key, valid here.
  const Renewal other(false);
  EXPECT_EQ(code_of(attempt(server_context(ca.server),
                            trusting(ca.old.pem() + ca.renewed.pem() + other.renewed.pem()))
                        .opened),
            "ok");
  EXPECT_EQ(code_of(attempt(server_context(other.server), trusting(ca.renewed.pem())).opened),
            "tls.certificate");
}

TEST(HttpsRenewal, AnExpiredCaOfTheSystemIsToldAsSuch) {
  const Renewal ca(true, nullptr);
  const Attempt made = attempt(server_context(ca.server), trusting_system(ca.old.pem()));
  ASSERT_EQ(code_of(made.opened), "tls.ca_expired");
  EXPECT_THAT(made.opened.error().message, HasSubstr("the system's trust store"));
  EXPECT_THAT(made.opened.error().remedy, HasSubstr("update the system's trusted certificates"));
  EXPECT_TRUE(
      attempt(server_context(ca.server), trusting_system(ca.old.pem() + ca.renewed.pem())).opened);
}

}  // namespace
}  // namespace sfb::http
