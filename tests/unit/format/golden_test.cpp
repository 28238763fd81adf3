// What Microsoft's engines printed, byte for byte: every CASE.WIDTH[.ps5|.ps4].txt of the golden
// folders against CASE.clixml read back.
#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"
#include "agent/format/out_default.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using sfb::format::Options;

struct Case {
  fs::path folder;
  std::string name;     // of the .clixml
  int width = 0;        // of the console
  std::string edition;  // ps5 or ps4
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

std::vector<Case> cases_in(const std::string& folder) {
  std::vector<Case> cases;
  const fs::path path = fs::path(SFB_SOURCE_DIR) / "tests/golden" / folder;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".txt")) {
      continue;
    }
    const std::size_t first = file.find('.');
    const std::size_t second = file.find('.', first + 1);
    const std::size_t third = file.find('.', second + 1);
    cases.push_back({path, file.substr(0, first),
                     std::stoi(file.substr(first + 1, second - first - 1)),
                     file.substr(second + 1, third - second - 1), entry.path()});
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

// 3.0 and 4.0 share the screen evenly; nothing else differs.
std::string printed(const Case& c) {
  const sfb::Document input = document(c);
  const Options options{.width = c.width};
  sfb::format::Style style = sfb::format::style_of(options.edition);
  style.size_by_content = c.edition != "ps4";
  sfb::format::Budget budget;
  sfb::format::Sink sink(budget);
  sfb::format::write_objects({input.graph, options, style, budget}, input.roots, sink);
  return std::move(sink).finish();
}

class Golden : public testing::TestWithParam<Case> {};

TEST_P(Golden, PrintsTheEnginesBytes) {
  const std::string expected = read(GetParam().expected);
  const std::string got = printed(GetParam());
  EXPECT_TRUE(got == expected) << label(GetParam()) << ": " << difference(got, expected);
}

std::string test_name(const testing::TestParamInfo<Case>& info) {
  std::string name =
      info.param.name + "_" + std::to_string(info.param.width) + "_" + info.param.edition;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(format, Golden, testing::ValuesIn(cases_in("format")), test_name);
INSTANTIATE_TEST_SUITE_P(errors, Golden, testing::ValuesIn(cases_in("errors")), test_name);
INSTANTIATE_TEST_SUITE_P(windows51, Golden, testing::ValuesIn(cases_in("windows51")), test_name);

// A folder that lost its files would pass silently.
TEST(GoldenFolders, HoldAllCases) {
  EXPECT_EQ(cases_in("format").size(), 223U);
  EXPECT_EQ(cases_in("errors").size(), 46U);
  EXPECT_EQ(cases_in("windows51").size(), 9U);
}

// The door for errors alone gives what a pipeline with nothing else gives.
TEST(GoldenErrors, PrintAlikeThroughEveryDoor) {
  for (const Case& c : cases_in("errors")) {
    const sfb::Document input = document(c);
    ASSERT_EQ(input.roots.size(), 1U) << label(c);
    const Options options{.width = c.width};
    const auto record = sfb::ErrorRecord::from(input.graph, input.roots.front());
    EXPECT_EQ(sfb::format::error(record, options), read(c.expected)) << label(c);
  }
}

}  // namespace
