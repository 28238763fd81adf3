// Every rule of the web configuration file has one file that breaks it, with the exact messages.
#include "config/web_config.hpp"
#include "tests/unit/config/folder_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace sfb::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SFB_SOURCE_DIR) / "tests/config/bad/web";

std::string messages_of(const std::string& name) {
  const WebFile file = load_web_config(name, FolderFiles(kFolder));
  std::string messages;
  if (!file.config) {
    for (const Problem& problem : file.config.error()) {
      messages += to_string(problem) + "\n";
    }
  }
  return messages;
}

TEST(BadWebConfig, EveryFileGivesExactlyItsMessages) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".yml") {
      continue;
    }
    const std::string name = entry.path().filename();
    const std::string messages = messages_of(name);
    EXPECT_NE(messages, "") << name << " loads";
    EXPECT_EQ(messages, slurp(fs::path(entry.path()).replace_extension(".expect"))) << name;
    ++cases;
  }
  EXPECT_GE(cases, 104U) << "the folder lost its cases";
}

// `hunter2` stands where a password or key may stand; the hash is that of the other files.
TEST(BadWebConfig, NoMessageHoldsASecret) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yml") {
      const std::string messages = messages_of(entry.path().filename());
      EXPECT_FALSE(messages.contains("hunter2")) << messages;
      EXPECT_FALSE(messages.contains("X0h1gDsPszWURQaxFh")) << messages;
      ++cases;
    }
  }
  EXPECT_GE(cases, 104U);
}

TEST(BadWebConfig, EveryExpectationHasItsFile) {
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".expect") {
      EXPECT_TRUE(fs::exists(fs::path(entry.path()).replace_extension(".yml"))) << entry.path();
    }
  }
}

TEST(BadWebConfig, AFileThatCannotBeRead) {
  EXPECT_EQ(messages_of("none.yml"),
            "none.yml: there is no such file, check the path given with --web.config.file\n");
  EXPECT_EQ(messages_of("folder"), "folder: is a directory, name a file\n");
}

}  // namespace
}  // namespace sfb::config
