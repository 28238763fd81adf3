// What a password file may hold, and what is said about one that cannot be used.
#include "agent/remote/winrm/password_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace sfb::remote {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PasswordFileTest : public ::testing::Test {
 protected:
  PasswordFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "password-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("no folder");
    }
    folder_ = name;
  }
  ~PasswordFileTest() override { std::filesystem::remove_all(folder_); }

  std::string write(std::string_view bytes) {
    std::string path = folder_ + "/password";
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  /// The password, or the error's message.
  std::string read(std::string_view bytes) {
    const auto secret = read_secret(write(bytes), kPassword);
    if (secret) {
      return std::string((*secret)->reveal());
    }
    EXPECT_EQ(secret.error().reason, Reason::process);
    EXPECT_EQ(secret.error().code, "secret.unreadable");
    EXPECT_EQ(secret.error().stage, Stage::auth);
    EXPECT_FALSE(secret.error().remedy.empty());
    return secret.error().message;
  }

  std::string folder_;
};

TEST_F(PasswordFileTest, OneLineEndIsNotPartOfIt) {
  EXPECT_EQ(read("secret"), "secret");
  EXPECT_EQ(read("secret\n"), "secret");
  EXPECT_EQ(read("secret\r\n"), "secret");
  EXPECT_EQ(read(" se cret "), " se cret ") << "blanks are";
  EXPECT_EQ(read("\xEF\xBB\xBFsecret\n"), "secret") << "as Notepad writes it";
  EXPECT_EQ(read("p\xC3\xA4ss"), "p\xC3\xA4ss");
}

TEST_F(PasswordFileTest, AnythingElseIsRefusedWithoutShowingIt) {
  EXPECT_THAT(read(""), HasSubstr("is empty"));
  EXPECT_THAT(read("\n"), HasSubstr("is empty"));
  EXPECT_THAT(read("\xEF\xBB\xBF"), HasSubstr("is empty"));
  for (const std::string_view bytes :
       {std::string_view("canary\n\n"), std::string_view("canary\nsecond"),
        std::string_view("canary\r"), std::string_view("canary\x01"),
        std::string_view("canary\xE4"), std::string_view("c\0a\0n\0", 6)}) {
    const std::string said = read(bytes);
    EXPECT_THAT(said, HasSubstr("one line of UTF-8"));
    EXPECT_THAT(said, Not(HasSubstr("canary")));
  }
  EXPECT_EQ(read(std::string(4096, 'x')).size(), 4096U);
  EXPECT_THAT(read(std::string(4097, 'x')), HasSubstr("larger than 4096 bytes"));
}

TEST_F(PasswordFileTest, WhatIsNoFile) {
  EXPECT_THAT(read_secret(folder_ + "/none", kPassword).error().message, HasSubstr("is not there"));
  EXPECT_THAT(read_secret(folder_, kPassword).error().message, HasSubstr("not a regular file"));
  ASSERT_EQ(::mkfifo((folder_ + "/fifo").c_str(), 0600), 0);
  EXPECT_THAT(read_secret(folder_ + "/fifo", kPassword).error().message,
              HasSubstr("not a regular file"));
}

TEST_F(PasswordFileTest, AMissingRightNamesTheAccount) {
  const std::string path = write("secret");
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  // Root may read everything, so it is not root who reads.
  const uid_t self = ::geteuid();
  if (self == 0) {
    ASSERT_EQ(::seteuid(65534), 0);
  }
  const auto secret = read_secret(path, kPassword);
  ASSERT_EQ(::seteuid(self), 0);
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().remedy,
              HasSubstr("user id " + std::to_string(self == 0 ? 65534 : self)));
}

}  // namespace
}  // namespace sfb::remote
