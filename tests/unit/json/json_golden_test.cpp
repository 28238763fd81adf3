// ConvertTo-Json of both editions for every recorded document, byte for byte.
#include "agent/clixml/clixml.hpp"
#include "agent/json/reader.hpp"
#include "agent/json/writer.hpp"
#include "agent/value/access.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <utility>

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

Document document_of(const std::string& name) {
  auto document = clixml::read_file(contents(folder() + name + ".clixml"), Limits{});
  if (!document) {
    ADD_FAILURE() << name << ": " << describe(document.error());
    return {};
  }
  return std::move(*document);
}

std::string written(const Document& document, Edition edition, bool compress) {
  const WriteOptions options{.edition = edition, .compress = compress};
  return convert_to_json(document.graph, document.roots, options).value() + '\n';
}

// The names of all recordings that end so, without that end.
std::set<std::string> recorded(const std::string& end) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(end)) {
      names.insert(file.substr(0, file.size() - end.size()));
    }
  }
  return names;
}

TEST(JsonGolden, EveryDocumentAs7WritesIt) {
  std::size_t texts = 0;
  std::size_t enums = 0;
  for (const std::string& name : recorded(".clixml")) {
    const Document document = document_of(name);
    for (const bool compress : {false, true}) {
      const std::string file = name + (compress ? ".compress.json" : ".json");
      const std::string text = contents(folder() + file);
      ASSERT_FALSE(text.empty()) << file << " is missing";
      EXPECT_EQ(written(document, Edition::powershell_7, compress), with_enum_names(text, enums))
          << file;
      ++texts;
    }
  }
  EXPECT_EQ(texts, 80U);
  EXPECT_EQ(enums, 34U) << "places where an enum's name replaces the engine's quirk";
}

// 5.1 writes an enum read back as its bare number, which does not tell the name: for the comparison
// the documents' enums are made what 5.1 takes them for. Counts them.
void make_enums_numbers(Document& document, std::size_t& enums) {
  for (ObjectId id = 0; id < document.graph.size(); ++id) {
    if (is_enum(document.graph, Value::object_ref(id))) {
      document.graph.at(id).types.reset();
      document.graph.at(id).to_string.reset();
      ++enums;
    }
  }
}

TEST(JsonGolden, EveryDocumentAs51WritesIt) {
  std::size_t texts = 0;
  std::size_t enums = 0;
  for (const std::string& name : recorded(".ps5.json")) {
    const bool compress = name.ends_with(".compress");
    Document document =
        document_of(compress ? name.substr(0, name.size() - std::size(".compress") + 1) : name);
    make_enums_numbers(document, enums);
    // The engine ends lines with CRLF; a carriage return inside a value is always escaped.
    std::string text = contents(folder() + name + ".ps5.json");
    std::erase(text, '\r');
    EXPECT_EQ(written(document, Edition::windows_powershell_51, compress), text) << name;
    ++texts;
  }
  EXPECT_EQ(texts, 66U) << "40 documents in two layouts, less the 7 without a recording of 5.1";
  EXPECT_EQ(enums, 34U);
}

TEST(JsonGolden, EnumsPrintTheirNameInBothEditions) {
  const Document document = document_of("enums-depth-2");
  EXPECT_EQ(written(document, Edition::windows_powershell_51, true),
            written(document, Edition::powershell_7, true));
  EXPECT_EQ(written(document, Edition::windows_powershell_51, false),
            "{\n    \"State\":  \"FinalState\",\n    \"Flags\":  \"Hidden, System\",\n"
            "    \"Odd\":  \"99\"\n}\n");
}

// What we write, we read: the same text comes out again (numbers, order, nesting).
TEST(JsonGolden, WrittenReadAndWrittenAgain) {
  std::size_t texts = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".compress.json")) {
      continue;
    }
    const std::string text = contents(entry.path().string());
    if (text.find("\"Value\":") != std::string::npos) {
      continue;  // `value` and `Value` in one object: refused, as ConvertFrom-Json does
    }
    const auto document = read(text, Limits{});
    ASSERT_TRUE(document) << file << ": " << describe(document.error());
    WriteOptions options;
    options.compress = true;
    options.depth = 10;
    EXPECT_EQ(convert_to_json(document->graph, document->roots, options).value() + '\n', text)
        << file;
    ++texts;
  }
  EXPECT_EQ(texts, 35U);
}

}  // namespace
}  // namespace sfb::json
