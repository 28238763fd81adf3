// Every rule of the configuration has one file that breaks it, with the exact messages beside it.
#include "config/loader.hpp"
#include "tests/unit/config/folder_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace sfb::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SFB_SOURCE_DIR) / "tests/config/bad";

// Of a keytab only the name is looked at.
Result<std::vector<std::string>> keytab(const std::string& path) {
  if (path.ends_with("keyless.keytab")) {
    return fail(Reason::process, "access.keytab", "no key can be taken from it", "make it anew");
  }
  return std::vector<std::string>();
}

// What the loader says of one file of the folder, a line for each problem; empty when it loads.
std::string messages_of(const std::string& name) {
  const auto loaded = load(std::vector<std::string>{name},
                           {.transports = {"file", "winrm", "ssh", "push"},
                            .methods = {"basic", "kerberos", "negotiate", "ntlm"},
                            .keytab = keytab,
                            .collectors = {"backup_service_configuration", "management_store"}},
                           FolderFiles(kFolder));
  std::string messages;
  if (!loaded) {
    for (const Problem& problem : loaded.error()) {
      messages += to_string(problem) + "\n";
    }
  }
  return messages;
}

TEST(BadConfiguration, EveryFileGivesExactlyItsMessages) {
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
  EXPECT_GE(cases, 290U) << "the folder lost its cases";
}

// `hunter2` stands in the files wherever somebody may write a password by mistake.
TEST(BadConfiguration, NoMessageHoldsAPassword) {
  std::size_t cases = 0;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yml" && slurp(entry.path()).contains("hunter2")) {
      const std::string messages = messages_of(entry.path().filename());
      EXPECT_FALSE(messages.contains("hunter2")) << messages;
      ++cases;
    }
  }
  EXPECT_GE(cases, 34U);
}

TEST(BadConfiguration, EveryExpectationHasItsFile) {
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() != ".expect") {
      continue;
    }
    EXPECT_TRUE(fs::exists(fs::path(entry.path()).replace_extension(".yml"))) << entry.path();
  }
}

}  // namespace
}  // namespace sfb::config
