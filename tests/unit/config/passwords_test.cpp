// Passwords in values that hold none.
#include "config/passwords.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sfb::config {
namespace {

TEST(Passwords, AnAccountBeforeAnAt) {
  for (const char* text :
       {"/svc:hunter2@fs.example.com/{pool}", "ssh://svc:hunter2@fe", "svc:hunter2@fe",
        "smb://EXAMPLE\\svc:hunter2@fs/x", "-o X=svc:hunt/er2@fe", "a: b svc:hunter2@fe"}) {
    EXPECT_TRUE(holds_account(text)) << text;
  }
  for (const char* text :
       {"/srv/{pool}.clixml", "user@example.com", "https://fe.example.com/a@b", "fe:5985", "a: b@c",
        "C:\\x@y", "svc:@fe", ":x@fe", "a:b c@d", "", ":", "@"}) {
    EXPECT_FALSE(holds_account(text)) << text;
  }
}

TEST(Passwords, AmongArguments) {
  const auto at = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/x");
    return password_among(arguments).value_or(0);
  };
  EXPECT_EQ(at({"-q", "ssh://svc:hunter2@fe"}), 2U);
  EXPECT_EQ(at({"--password=hunter2"}), 1U);
  EXPECT_EQ(at({"-Password:hunter2"}), 1U);
  EXPECT_EQ(at({"-Passphrase", "hunter2"}), 2U);
  EXPECT_EQ(at({"--client-secret", "hunter2"}), 2U);
  EXPECT_EQ(at({"-u", "svc:hunter2"}), 2U);
  EXPECT_EQ(at({"--user=svc:hunter2"}), 1U);
  EXPECT_EQ(at({"-s", "-NoLogo", "-NoProfile"}), 0U);
  EXPECT_EQ(at({"--password-file", "/run/secrets/x"}), 0U);
  EXPECT_EQ(at({"--password-file=/run/secrets/x"}), 0U);
  EXPECT_EQ(at({"-Password", "-s"}), 0U) << "an option has none";
  EXPECT_EQ(at({"-u", "svc", "fe:22"}), 0U);
  EXPECT_EQ(at({"fe:5985"}), 0U);
  EXPECT_EQ(password_among(std::vector<std::string>{"/opt/svc:x@y"}), std::nullopt);
}

}  // namespace
}  // namespace sfb::config
