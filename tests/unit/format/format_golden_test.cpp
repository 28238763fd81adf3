// What Microsoft's engines printed, byte for byte: every CASE.WIDTH[.VIEW][.ps5|.ps4].txt of the
// golden folders against CASE.clixml read back. Without suffix the engine was PowerShell 7.6.
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using sfb::format::Edition;
using sfb::format::ErrorView;
using sfb::format::Options;
using sfb::format::View;

struct Case {
  fs::path folder;
  std::string name;  // of the .clixml
  Options options;
  std::string suffix;  // `list.ps5`, without the dots around it
  fs::path expected;
};

std::string label(const Case& c) {
  return c.folder.filename().string() + "/" + c.expected.filename().string();
}

// gtest shows it when a case fails.
void PrintTo(const Case& c, std::ostream* out) {
  *out << label(c);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a part of the suffix says about the console; false for an unknown one.
bool apply(std::string_view part, Options& options) {
  if (part == "ps5") {
    options.edition = Edition::windows_powershell_51;
  } else if (part == "ps4") {
    options.edition = Edition::windows_powershell_40;
  } else if (part == "list") {
    options.view = View::list;
  } else if (part == "table") {
    options.view = View::table;
  } else if (part == "autosize") {
    options.view = View::autosize;
  } else if (part == "wrap") {
    options.view = View::wrap;
  } else if (part == "ConciseView") {
    options.error_view = ErrorView::concise;
  } else if (part == "CategoryView") {
    options.error_view = ErrorView::category;
  } else {
    return false;
  }
  return true;
}

// Every CASE.WIDTH[.VIEW][.ps5|.ps4].txt of a folder; a name that says something else is a failure.
std::vector<Case> cases_in(const std::string& folder) {
  std::vector<Case> cases;
  const fs::path path = fs::path(SFB_SOURCE_DIR) / "tests/golden" / folder;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".txt")) {
      continue;
    }
    const std::string stem = entry.path().stem().string();
    const std::vector<std::string_view> parts = sfb::split(stem, '.');
    Case found{.folder = path,
               .name = std::string(parts[0]),
               .options = {},
               .suffix = {},
               .expected = entry.path()};
    found.options.edition = Edition::powershell_7;
    found.options.error_view = ErrorView::normal;
    found.options.width = std::stoi(std::string(parts.at(1)));
    for (const std::string_view part : std::span(parts).subspan(2)) {
      EXPECT_TRUE(apply(part, found.options)) << file;
      found.suffix += (found.suffix.empty() ? "" : ".") + std::string(part);
    }
    cases.push_back(std::move(found));
  }
  std::ranges::sort(cases, {}, label);
  return cases;
}

std::string visible_blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    out += c == '\n' ? "$\n" : c == '\r' ? "^M" : c == '\t' ? "^I" : std::string(1, c);
  }
  return out;
}

// Only the first difference counts when a console's text is wrong; it is named by its line.
std::string difference(const std::string& got, const std::string& expected) {
  const auto end = std::ranges::mismatch(got, expected).in1;
  const auto line = std::count(got.begin(), end, '\n') + 1;
  return "first difference in line " + std::to_string(line) + "\n--- printed\n" +
         visible_blanks(got) + "--- expected\n" + visible_blanks(expected);
}

sfb::Document document(const Case& c) {
  auto read_back = sfb::clixml::read_file(read(c.folder / (c.name + ".clixml")), sfb::Limits{});
  EXPECT_TRUE(read_back.has_value()) << label(c) << ": the input is not CLIXML";
  return read_back ? std::move(*read_back) : sfb::Document{};
}

std::string printed(const Case& c, const Options& options) {
  const sfb::Document input = document(c);
  return sfb::format::objects(input.graph, input.roots, options).value();
}

// What a client cannot print, or this formatter does not, with the reason. A case that comes out
// equal must leave the list.
const std::map<std::string, std::string> kUnequal = {
    {"format/runtime-scalars-dates.80.txt",
     "dates, time spans, GUIDs and versions that stand alone print as their text: their views show "
     "members of .NET types, which no backup status holds"}};

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, PrintsTheEnginesBytes) {
  const std::string expected = read(GetParam().expected);
  const std::string got = printed(GetParam(), GetParam().options);
  if (const auto known = kUnequal.find(label(GetParam())); known != kUnequal.end()) {
    EXPECT_NE(got, expected) << label(GetParam()) << " is equal now: take it off the list";
    GTEST_SKIP() << known->second;
  }
  EXPECT_TRUE(got == expected) << label(GetParam()) << ": " << difference(got, expected);
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name = info.param.name + "_" + std::to_string(info.param.options.width) + "_" +
                     (info.param.suffix.empty() ? "ps7" : info.param.suffix);
  std::ranges::replace_if(name, [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(format, Golden, testing::ValuesIn(cases_in("format")), test_name);
INSTANTIATE_TEST_SUITE_P(errors, Golden, testing::ValuesIn(cases_in("errors")), test_name);
INSTANTIATE_TEST_SUITE_P(windows51, Golden, testing::ValuesIn(cases_in("windows51")), test_name);

// A folder that lost its files would pass silently.
TEST(GoldenFolders, HoldAllCases) {
  using Counts = std::map<std::string, int>;
  const auto counts = [](const std::string& folder) {
    Counts found;
    for (const Case& c : cases_in(folder)) {
      ++found[c.suffix];
    }
    return found;
  };
  EXPECT_EQ(counts("format"), (Counts{{"", 160},
                                      {"list", 78},
                                      {"table", 78},
                                      {"autosize", 30},
                                      {"wrap", 29},
                                      {"ps5", 151},
                                      {"list.ps5", 72},
                                      {"table.ps5", 75},
                                      {"autosize.ps5", 30},
                                      {"wrap.ps5", 29},
                                      {"ps4", 72},
                                      {"table.ps4", 73},
                                      {"wrap.ps4", 29}}));
  EXPECT_EQ(counts("errors"), (Counts{{"", 46},
                                      {"ConciseView", 28},
                                      {"CategoryView", 28},
                                      {"ps5", 46},
                                      {"CategoryView.ps5", 28}}));
  EXPECT_EQ(counts("windows51"), (Counts{{"ps4", 2}, {"ps5", 7}}));
}

// A text of 3.0 and 4.0 is kept only where it differs.
TEST(GoldenFormat, TheOldestEditionPrintsAsItsSuccessorWhereNothingElseIsKept) {
  int cases = 0;
  for (const std::string folder : {"format", "errors"}) {
    for (const Case& c : cases_in(folder)) {
      std::string older = c.expected.string();
      const std::size_t suffix = older.rfind(".ps5.txt");
      if (suffix == std::string::npos || fs::exists(older.replace(suffix, 4, ".ps4"))) {
        continue;
      }
      Options options = c.options;
      options.edition = Edition::windows_powershell_40;
      EXPECT_EQ(printed(c, options), read(c.expected)) << label(c);
      ++cases;
    }
  }
  EXPECT_EQ(cases, 257);
}

// The door for errors alone gives what a pipeline with nothing else gives.
TEST(GoldenErrors, PrintAlikeThroughEveryDoor) {
  for (const Case& c : cases_in("errors")) {
    const sfb::Document input = document(c);
    ASSERT_EQ(input.roots.size(), 1U) << label(c);
    const auto record = sfb::ErrorRecord::from(input.graph, input.roots.front());
    EXPECT_EQ(sfb::format::error(record, c.options), read(c.expected)) << label(c);
  }
}

}  // namespace
