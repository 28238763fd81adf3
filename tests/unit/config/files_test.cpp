#include "config/files.hpp"

#include "agent/base/secret.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sfb::config {
namespace {

namespace fs = std::filesystem;

class SystemFilesTest : public ::testing::Test {
 protected:
  SystemFilesTest() {
    std::string pattern = (fs::temp_directory_path() / "sfb-config-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~SystemFilesTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(path(name), std::ios::binary) << content;
  }

  fs::path folder_;
  SystemFiles files_;
};

TEST_F(SystemFilesTest, ReadsWhatIsThere) {
  const std::string content = std::string(200'000, 'x') + '\0' + "end";
  write("a.yml", content);
  const auto read = files_.read(path("a.yml"), 1UL << 20U);
  ASSERT_TRUE(read.has_value()) << describe(read.error());
  EXPECT_EQ(*read, content);
}

TEST_F(SystemFilesTest, TheSizeCapIsExact) {
  write("a.yml", "12345");
  EXPECT_TRUE(files_.read(path("a.yml"), 5).has_value());
  const auto read = files_.read(path("a.yml"), 4);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, "config.too_large");
}

TEST_F(SystemFilesTest, SaysWhyItCannotRead) {
  const auto missing = files_.read(path("none.yml"), 10);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, "config.missing");
  EXPECT_EQ(missing.error().reason, Reason::not_found);

  const auto directory = files_.read(folder_.string(), 10);
  ASSERT_FALSE(directory.has_value());
  EXPECT_EQ(directory.error().message, "is a directory");

  fs::create_symlink("loop.yml", folder_ / "loop.yml");
  const auto loop = files_.read(path("loop.yml"), 10);
  ASSERT_FALSE(loop.has_value());
  EXPECT_EQ(loop.error().code, "config.unreadable");

  ASSERT_EQ(::mkfifo(path("pipe.yml").c_str(), 0600), 0);
  const auto pipe = files_.read(path("pipe.yml"), 10);
  ASSERT_FALSE(pipe.has_value()) << "a pipe without a writer would hold the start for ever";
  EXPECT_EQ(pipe.error().code, "config.not_regular");
}

TEST_F(SystemFilesTest, LooksAtASecretWithoutKeepingIt) {
  for (const auto& [content, problem] :
       {std::pair{"", "is empty"}, std::pair{"\r\n", "is empty"}, std::pair{"x", ""},
        std::pair{"x\r\n", ""}, std::pair{"a long one\n", ""},
        std::pair{"two\nlines\n", "does not hold one line of UTF-8 text"}}) {
    write("secret", content);
    const auto info = files_.inspect(path("secret"));
    ASSERT_TRUE(info.has_value()) << describe(info.error());
    EXPECT_EQ(info->problem ? info->problem->message : "", problem) << content;
  }
  write("secret", std::string(kMostSecret + 1, 'x').c_str());
  EXPECT_EQ(files_.inspect(path("secret")).value().problem->message, "is larger than 4096 bytes");
  ASSERT_EQ(::chmod(path("secret").c_str(), 0640), 0);
  EXPECT_EQ(files_.inspect(path("secret")).value().mode, 0640U);

  EXPECT_EQ(files_.inspect(path("none")).error().reason, Reason::not_found);
  EXPECT_EQ(files_.inspect(folder_.string()).error().code, "config.directory");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(files_.inspect(path("pipe")).error().code, "config.not_regular");
}

TEST_F(SystemFilesTest, KnowsAProgramFromAFile) {
  write("program", "#!/bin/sh\n");
  const auto closed = files_.executable(path("program"));
  ASSERT_FALSE(closed.has_value()) << "no mode bit lets anybody execute it, root included";
  EXPECT_EQ(closed.error().code, "config.not_executable");
  ASSERT_EQ(::chmod(path("program").c_str(), 0755), 0);
  EXPECT_TRUE(files_.executable(path("program")).has_value());

  EXPECT_EQ(files_.executable(path("none")).error().reason, Reason::not_found);
  EXPECT_EQ(files_.executable(path("program/none")).error().reason, Reason::not_found);
  EXPECT_EQ(files_.executable(folder_.string()).error().code, "config.directory");
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0700), 0);
  EXPECT_EQ(files_.executable(path("pipe")).error().code, "config.not_regular");
}

TEST_F(SystemFilesTest, PathsBeginAtTheRoot) {
  EXPECT_EQ(files_.absolute("/etc/sfb/conf.d/../x.password"), "/etc/sfb/x.password");
  EXPECT_EQ(files_.absolute("x/./y"), (fs::current_path() / "x/y").string());
}

TEST_F(SystemFilesTest, PatternsMatchInByteOrder) {
  for (const char* name : {"b.yml", "a.yml", "B.yml", "c.txt"}) {
    write(name, "");
  }
  EXPECT_EQ(files_.match(path("*.yml")),
            (std::vector<std::string>{path("B.yml"), path("a.yml"), path("b.yml")}));
  EXPECT_TRUE(files_.match(path("*.json")).empty());
  EXPECT_EQ(files_.match(path("none.yml")), std::vector<std::string>{path("none.yml")});
}

}  // namespace
}  // namespace sfb::config
