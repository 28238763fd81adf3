// Tokens that are too long for a server, as those of accounts in many groups are. The ticket is
// made by hand and lies in a given cache, so no KDC is asked.
#include "agent/gss/scheme.hpp"
#include "tests/integration/gss/acceptor.hpp"
#include "tests/integration/gss/realm.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace sfb::gss::testing {
namespace {

using ::testing::StartsWith;

/// A DER element with a length of three bytes, which is enough for all.
std::string der(unsigned char tag, const std::string& value) {
  std::string out{static_cast<char>(tag), '\x83'};
  for (const unsigned shift : {16U, 8U, 0U}) {
    out += static_cast<char>((value.size() >> shift) & 0xFFU);
  }
  return out + value;
}

std::string der_number(char value) {
  return {'\x02', '\x01', value};
}

/// RFC 4120 5.3.
std::string ticket(const std::string& service, const std::string& host, std::size_t size) {
  const std::string names = der(0x1B, service) + der(0x1B, host);
  const std::string name = der(0xA0, der_number(2)) + der(0xA1, der(0x30, names));
  const std::string sealed = der(0xA0, der_number(18)) + der(0xA1, der_number(1)) +
                             der(0xA2, der(0x04, std::string(size, 'x')));
  return der(0x61, der(0x30, der(0xA0, der_number(5)) + der(0xA1, der(0x1B, kRealm)) +
                                 der(0xA2, der(0x30, name)) + der(0xA3, der(0x30, sealed))));
}

class SchemeTokenTest : public RealmTest {
 protected:
  static void store(const Krb5& krb5, krb5_ccache cache, const std::string& service,
                    const std::string& host, std::size_t size) {
    std::array<unsigned char, 32> key{};
    std::string bytes = ticket(service, host, size);
    Krb5Principal client(krb5);
    Krb5Principal server(krb5);
    ASSERT_EQ(krb5_parse_name(krb5.get(), "alice@LITWAREINC.COM", client.out()), 0);
    ASSERT_EQ(
        krb5_parse_name(krb5.get(), (service + "/" + host + "@" + kRealm).c_str(), server.out()),
        0);
    krb5_creds creds{};
    creds.client = client.get();
    creds.server = server.get();
    creds.keyblock.enctype = ENCTYPE_AES256_CTS_HMAC_SHA1_96;
    creds.keyblock.length = key.size();
    creds.keyblock.contents = key.data();
    const auto start = static_cast<krb5_timestamp>(to_unix_seconds(now()));
    creds.times = {.authtime = start, .starttime = start, .endtime = start + 3600, .renew_till = 0};
    creds.ticket.length = static_cast<unsigned>(bytes.size());
    creds.ticket.data = bytes.data();
    if (service == "krbtgt") {
      ASSERT_EQ(krb5_cc_initialize(krb5.get(), cache, client.get()), 0);
    }
    ASSERT_EQ(krb5_cc_store_cred(krb5.get(), cache, &creds), 0);
  }

  std::unique_ptr<auth::Scheme> scheme(std::size_t size) {
    const std::string name = "FILE:" + kdc().path("long");
    const auto krb5 = Krb5::create();
    Krb5GivenCache cache(**krb5);
    EXPECT_EQ(krb5_cc_resolve((*krb5)->get(), name.c_str(), cache.out()), 0);
    store(**krb5, cache.get(), "krbtgt", kRealm, 10);
    store(**krb5, cache.get(), kFrontEnd.name, kFrontEnd.host, size);
    return make_scheme(std::make_shared<Credentials>(
                           Account{.method = Method::kerberos, .username = "", .ccache = name}),
                       {kFrontEnd, Encryption::automatic}, {nullptr, false, {}}, clock);
  }
  SystemClock clock;
};

TEST_F(SchemeTokenTest, AnOrdinaryOneIsNotTold) {
  const auto client = scheme(1'000);
  ASSERT_TRUE(client->step({}));
  EXPECT_EQ(fact(client->proof().facts, "token"), "none");
}

TEST_F(SchemeTokenTest, ALongOneIsTold) {
  const auto client = scheme(20'000);
  const auto step = client->step({});
  ASSERT_TRUE(step) << describe(step.error());
  const auth::Proof proof = client->proof();
  EXPECT_EQ(proof.token_bytes, step->authorization.reveal().size());
  EXPECT_GT(proof.token_bytes, 16'384U);
  EXPECT_THAT(fact(proof.facts, "token"), StartsWith(fmt::format("{} bytes", proof.token_bytes)));
}

TEST_F(SchemeTokenTest, OneThatNoServerTakesIsNotSent) {
  const auto step = scheme(60'000)->step({});
  ASSERT_FALSE(step);
  EXPECT_EQ(step.error().code, "auth.token_too_large");
  EXPECT_EQ(step.error().reason, Reason::protocol);
}

}  // namespace
}  // namespace sfb::gss::testing
