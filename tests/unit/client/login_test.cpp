#include "agent/client/login.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace sfb::client {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LoginTest : public ::testing::Test {
 protected:
  ~LoginTest() override { std::filesystem::remove_all(folder); }
  std::string file(const std::string& content) {
    std::string path = folder + "/" + std::to_string(++files);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  static std::string make_folder() {
    std::string name = "/tmp/sfb_login_XXXXXX";
    return ::mkdtemp(name.data());
  }
  std::string folder = make_folder();
  int files = 0;
};

std::string code_of(const Result<http::ClientIdentity>& identity) {
  return identity ? "ok" : identity.error().code;
}

TEST_F(LoginTest, TheEnvironmentSaysHow) {
  const std::map<std::string, std::string> set = {
      {"SFB_BACKUP_EXPORTER_URL", "u"},       {"SFB_BACKUP_EXPORTER_CA_FILE", "ca"},
      {"SFB_BACKUP_EXPORTER_CERT_FILE", "c"}, {"SFB_BACKUP_EXPORTER_KEY_FILE", "k"},
      {"SFB_BACKUP_EXPORTER_USER", "n"},      {"SFB_BACKUP_EXPORTER_PASSWORD_FILE", "p"},
      {"SFB_BACKUP_EXPORTER_TOKEN_FILE", "t"}};
  const Access all = access_from([&](const char* name) {
    const auto found = set.find(name);
    return found == set.end() ? nullptr : found->second.c_str();
  });
  EXPECT_EQ(all.url + all.ca_file + all.cert_file + all.key_file + all.user + all.password_file +
                all.token_file,
            "ucacknpt");
  const Access none = access_from([](const char*) { return nullptr; });
  EXPECT_EQ(none.url, "");
  EXPECT_TRUE(identity_of(none)->authorization.empty());
}

TEST_F(LoginTest, AUserAndThePasswordOfAFile) {
  const auto identity = identity_of({.user = "prom", .password_file = file("pass:word\n")});
  ASSERT_TRUE(identity) << describe(identity.error());
  EXPECT_EQ(identity->authorization.reveal(), "Basic cHJvbTpwYXNzOndvcmQ=");
}

TEST_F(LoginTest, ATokenOfAFile) {
  const auto identity = identity_of({.token_file = file("abc.def\r\n")});
  ASSERT_TRUE(identity) << describe(identity.error());
  EXPECT_EQ(identity->authorization.reveal(), "Bearer abc.def");
}

TEST_F(LoginTest, ATicketIsMadeForEachConnection) {
  EXPECT_TRUE(identity_of({.negotiate = "1"})->prove);
  EXPECT_TRUE(identity_of({.negotiate = "1"})->proved);
  for (const char* const off : {"", "0"}) {
    EXPECT_FALSE(identity_of({.negotiate = off})->prove) << off;
  }
}

TEST_F(LoginTest, ACertificateIsHandedOn) {
  const auto identity = identity_of({.ca_file = "ca", .cert_file = "c", .key_file = "k"});
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->ca_file + identity->certificate_file + identity->key_file, "cack");
}

TEST_F(LoginTest, WhatDoesNotGoTogether) {
  const std::string secret = file("canary");
  for (const Access& wrong :
       {Access{.user = "prom"}, Access{.password_file = secret},
        Access{.user = "a", .password_file = secret, .token_file = secret}, Access{.key_file = "k"},
        Access{.user = "a:b", .password_file = secret}, Access{.negotiate = "yes"},
        Access{.token_file = secret, .negotiate = "1"},
        Access{.user = "a", .password_file = secret, .negotiate = "1"},
        Access{.url = "unix:/run/x", .negotiate = "1"}}) {
    const auto identity = identity_of(wrong);
    EXPECT_EQ(code_of(identity), "client.login");
    EXPECT_THAT(describe(identity.error()),
                AllOf(HasSubstr("SFB_BACKUP_EXPORTER_"), Not(HasSubstr("canary"))));
  }
}

TEST_F(LoginTest, FilesThatHoldNoSecret) {
  for (const std::string& path : {folder + "/none", folder, file(""), file("canary\ncanary"),
                                  file(std::string("a\0b", 3)), file(std::string(5000, 'c'))}) {
    for (const Access& access :
         {Access{.user = "prom", .password_file = path}, Access{.token_file = path}}) {
      const auto identity = identity_of(access);
      EXPECT_EQ(code_of(identity), "secret.unreadable") << path;
      EXPECT_THAT(describe(identity.error()),
                  AllOf(HasSubstr("_FILE: "), HasSubstr(path), Not(HasSubstr("canary"))));
    }
  }
}

}  // namespace
}  // namespace sfb::client
