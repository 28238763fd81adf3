// ConvertTo-Json of PowerShell 7 for every recorded document, byte for byte.
#include "agent/clixml/clixml.hpp"
#include "agent/json/json.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace sfb::json {
namespace {

std::string folder() {
  return std::string(SFB_SOURCE_DIR) + "/tests/golden/json/";
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

// The one deliberate difference: where the engine prints {"value": n, "Value": "Name"} for an enum
// read back from CLIXML, we print the name. Counts the places.
std::string with_enum_names(const std::string& text, std::size_t& places) {
  static const std::regex kEnum(
      R"re(\{\s*"value": ?-?\d+,\s*"Value": ?("(?:[^"\\]|\\.)*")\s*\})re");
  places += static_cast<std::size_t>(
      std::distance(std::sregex_iterator(text.begin(), text.end(), kEnum), std::sregex_iterator()));
  return std::regex_replace(text, kEnum, "$1");
}

TEST(JsonGolden, EveryDocumentInBothLayouts) {
  std::set<std::string> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    if (entry.path().extension() == ".clixml") {
      cases.insert(entry.path().stem().string());
    }
  }
  std::size_t texts = 0;
  std::size_t enums = 0;
  for (const std::string& name : cases) {
    const auto document = clixml::read_file(contents(folder() + name + ".clixml"), Limits{});
    ASSERT_TRUE(document) << name << ": " << describe(document.error());
    for (const bool compress : {false, true}) {
      const std::string file = name + (compress ? ".compress.json" : ".json");
      const std::string recorded = contents(folder() + file);
      ASSERT_FALSE(recorded.empty()) << file << " is missing";
      WriteOptions options;
      options.compress = compress;
      EXPECT_EQ(convert_to_json(document->graph, document->roots, options) + '\n',
                with_enum_names(recorded, enums))
          << file;
      ++texts;
    }
  }
  EXPECT_EQ(texts, 74U);
  EXPECT_EQ(enums, 34U) << "places where an enum's name replaces the engine's quirk";
}

// What we write, we read: the same text comes out again (numbers, order, nesting).
TEST(JsonGolden, WrittenReadAndWrittenAgain) {
  std::size_t texts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".compress.json")) {
      continue;
    }
    const std::string recorded = contents(entry.path().string());
    if (recorded.find("\"Value\":") != std::string::npos) {
      continue;  // `value` and `Value` in one object: refused, as ConvertFrom-Json does
    }
    const auto document = read(recorded, Limits{});
    ASSERT_TRUE(document) << file << ": " << describe(document.error());
    WriteOptions options;
    options.compress = true;
    options.depth = 10;
    EXPECT_EQ(convert_to_json(document->graph, document->roots, options) + '\n', recorded) << file;
    ++texts;
  }
  EXPECT_EQ(texts, 32U);
}

}  // namespace
}  // namespace sfb::json
