// Credentials that are right, and what is warned of. What is wrong: tests/config/bad.
#include "config/credentials.hpp"

#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sfb::config {
namespace {

const Capabilities kBuild{.transports = {"file", "winrm"},
                          .methods = {"basic", "kerberos", "negotiate", "ntlm"}};

class CredentialsTest : public ::testing::Test {
 protected:
  // One endpoint with one entry of credentials.
  Settings settings_of(const std::string& entry,
                       const std::string& url = "https://fe.litwareinc.com",
                       const std::string& keys = {}) {
    std::map<std::string, std::string> files = {{"password", "secret"}, {"svc.keytab", "\x05\x02"}};
    files["a.yml"] = "credentials:\n  monitoring: {" + entry +
                     "}\nendpoints:\n  wire:\n    transport: winrm\n    url: " + url +
                     "\n    credentials: monitoring\n" + keys +
                     "pools:\n  - {fqdn: a.x, endpoint: wire, paired_pool: b.x, site: ''}\n"
                     "  - {fqdn: b.x, endpoint: wire, paired_pool: a.x, site: ''}\n";
    auto loaded = load(std::vector<std::string>{"a.yml"}, kBuild, MemoryFiles(files, 0600));
    if (!loaded) {
      ADD_FAILURE() << to_string(loaded.error().front());
      return {};
    }
    warnings_.clear();
    for (const Problem& warning : loaded->warnings) {
      warnings_ += to_string(warning) + "\n";
    }
    return std::move(loaded->settings);
  }

  std::string warnings_;
};

TEST_F(CredentialsTest, KerberosHasOneSourceOfTickets) {
  const auto password = settings_of(
      "method: kerberos, username: svc@LITWAREINC.COM, password_file: password, "
      "realm: LITWAREINC.COM, kdcs: [dc1.litwareinc.com, '10.0.0.1:88', '[2001:db8::1]:88']");
  EXPECT_EQ(warnings_, "");
  const Credentials& first = password.credentials.at(0);
  EXPECT_EQ(first.password_file, "/etc/sfb/password");
  EXPECT_EQ(first.realm, "LITWAREINC.COM");
  EXPECT_EQ(first.kdcs,
            (std::vector<std::string>{"dc1.litwareinc.com", "10.0.0.1:88", "[2001:db8::1]:88"}));
  const auto keytab =
      settings_of("method: kerberos, username: svc@LITWAREINC.COM, keytab_file: svc.keytab");
  EXPECT_EQ(keytab.credentials.at(0).keytab_file, "/etc/sfb/svc.keytab");
  const auto path = settings_of("method: kerberos, username: svc@LITWAREINC.COM, ccache: /run/cc");
  EXPECT_EQ(path.credentials.at(0).ccache, "FILE:/run/cc");
  const auto typed =
      settings_of("method: negotiate, username: svc@LITWAREINC.COM, ccache: 'KCM:7'");
  EXPECT_EQ(typed.credentials.at(0).ccache, "KCM:7");
  EXPECT_EQ(warnings_, "");
}

TEST_F(CredentialsTest, ARealmInLowerCaseIsRaisedWithAWarning) {
  const auto written = settings_of(
      "method: kerberos, username: svc@corp.com, password_file: password, realm: litwareinc.com");
  EXPECT_EQ(written.credentials.at(0).realm, "LITWAREINC.COM");
  EXPECT_NE(warnings_.find("LITWAREINC.COM is used"), std::string::npos) << warnings_;
  settings_of("method: kerberos, username: svc@litwareinc.com, password_file: password");
  EXPECT_NE(warnings_.find("taken as the realm \"LITWAREINC.COM\""), std::string::npos)
      << warnings_;
}

TEST_F(CredentialsTest, NtlmIsAllowedInWritingAndWarnedOf) {
  const std::string entry =
      "method: negotiate, username: 'LITWAREINC\\svc', password_file: password, "
      "realm: LITWAREINC.COM";
  EXPECT_FALSE(settings_of(entry).credentials.at(0).allow_ntlm);
  EXPECT_EQ(warnings_, "");
  EXPECT_TRUE(settings_of(entry + ", ntlm: allow").credentials.at(0).allow_ntlm);
  EXPECT_NE(warnings_.find("each use is a warning"), std::string::npos) << warnings_;
  // With NTLM left, an address is no error.
  settings_of(entry + ", ntlm: allow", "https://192.0.2.7");
  EXPECT_NE(warnings_.find("192.0.2.7 has no service principal name"), std::string::npos);
}

TEST_F(CredentialsTest, MessagesAreSealedOverHttpWithoutAWord) {
  const std::string entry =
      "method: kerberos, username: svc@LITWAREINC.COM, password_file: password";
  const auto sealed = settings_of(entry, "http://fe.litwareinc.com");
  EXPECT_EQ(warnings_, "");
  EXPECT_EQ(std::get<Winrm>(sealed.endpoints.at(0).transport).encryption, Encryption::automatic);
  const auto plain = settings_of(entry, "http://fe.litwareinc.com",
                                 "    encryption: never\n    allow_unencrypted: true\n");
  EXPECT_EQ(std::get<Winrm>(plain.endpoints.at(0).transport).encryption, Encryption::never);
  EXPECT_NE(warnings_.find("cross the network"), std::string::npos) << warnings_;
  settings_of(entry, "http://fe.litwareinc.com/OcsPowershell");
  EXPECT_NE(warnings_.find("does not read sealed messages"), std::string::npos) << warnings_;
}

TEST_F(CredentialsTest, ALogonThatIsNotBoundIsAWarning) {
  const std::string entry =
      "method: kerberos, username: svc@LITWAREINC.COM, password_file: password";
  const std::string off = "    channel_binding: off\n";
  settings_of(entry, "https://fe.litwareinc.com", off);
  EXPECT_NE(warnings_.find("a logon at https://fe.litwareinc.com:5986/wsman is not bound"),
            std::string::npos)
      << warnings_;
  settings_of(entry, "https://fe.litwareinc.com", "    channel_binding: on\n");
  EXPECT_EQ(warnings_, "");
  settings_of(entry, "http://fe.litwareinc.com", off);
  EXPECT_NE(warnings_.find("channel_binding: has no effect: the URL is http"), std::string::npos)
      << warnings_;
  settings_of("method: basic, username: svc, password_file: password", "https://fe.litwareinc.com",
              off);
  EXPECT_NE(warnings_.find("has no effect: method basic has no channel bindings"),
            std::string::npos)
      << warnings_;
}

TEST_F(CredentialsTest, EveryKeyLoadsBackFromItsOwnYaml) {
  const auto settings = settings_of(
      "method: negotiate, username: svc@LITWAREINC.COM, password_file: password, ntlm: allow, "
      "realm: LITWAREINC.COM, kdcs: [dc1.litwareinc.com]",
      "https://fe.litwareinc.com",
      "    encryption: always\n    channel_binding: off\n    spn: {service: wsman, host: fe-1}\n");
  const auto& winrm = std::get<Winrm>(settings.endpoints.at(0).transport);
  EXPECT_EQ(winrm.spn, (Spn{"WSMAN", "fe-1"}));
  EXPECT_FALSE(winrm.channel_binding);
  const std::map<std::string, std::string> files = {{"b.yml", to_yaml(settings)},
                                                    {"password", "secret"}};
  const auto again = load(std::vector<std::string>{"b.yml"}, kBuild, MemoryFiles(files, 0600));
  ASSERT_TRUE(again) << to_string(again.error().front());
  EXPECT_EQ(again->settings, settings);
}

}  // namespace
}  // namespace sfb::config
