// What PowerShell 7.6 printed for lines typed at its prompt: errors/binding/CASE.WIDTH.txt against
// the row of binding.tsv. What a line binds, and where an error stands in it, is not the
// formatter's work: the position is taken from the golden text. The texts of 5.1 are compared with
// all of it in tests/unit/binding.
#include "agent/base/text.hpp"
#include "agent/format/format.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string with_line_breaks(std::string text) {
  for (std::size_t at = 0; (at = text.find("\\n", at)) != std::string::npos;) {
    text.replace(at, 2, "\n");
  }
  return text;
}

// Name -> line, what it binds, message, error id, category.
std::map<std::string, std::vector<std::string>> rows(const fs::path& folder) {
  std::map<std::string, std::vector<std::string>> found;
  const std::string table = read(folder / "binding.tsv");
  for (const std::string_view line : sfb::split(table, '\n')) {
    const std::vector<std::string_view> cells = sfb::split(line, '\t');
    if (cells.size() == 6 && cells[0] != "name") {
      found[std::string(cells[0])].assign(cells.begin() + 1, cells.end());
    }
  }
  return found;
}

std::string printed(const std::vector<std::string>& row, const std::string& golden, int width) {
  sfb::format::Options options;
  options.width = width;
  options.edition = sfb::format::Edition::powershell_7;
  options.error_view = sfb::format::ErrorView::normal;
  if (!row[1].empty()) {
    // The cmdlet of these recordings printed what was bound.
    return sfb::format::objects({}, {sfb::Value::string(row[1])}, options);
  }
  sfb::ErrorRecord record;
  record.message = with_line_breaks(row[2]);
  record.error_id = row[3];
  record.category_message = row[4];
  const std::size_t start = golden.find("\nAt line:");
  if (start != std::string::npos) {
    record.invocation_name = row[0].substr(0, row[0].find(' '));
    record.position_message = golden.substr(start + 1, golden.find("\n+ CategoryInfo") - start - 1);
  }
  return sfb::format::error(record, options);
}

TEST(GoldenBinding, PrintsEveryTypedLine) {
  const fs::path folder = fs::path(SFB_SOURCE_DIR) / "tests/golden/errors/binding";
  const auto table = rows(folder);
  EXPECT_EQ(table.size(), 53U);
  int cases = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string file = entry.path().filename().string();
    const std::vector<std::string_view> parts = sfb::split(file, '.');
    if (parts.size() != 3 || parts[2] != "txt") {
      continue;
    }
    const auto row = table.find(std::string(parts[0]));
    ASSERT_NE(row, table.end()) << file;
    const std::string golden = read(entry.path());
    EXPECT_EQ(printed(row->second, golden, std::stoi(std::string(parts[1]))), golden) << file;
    ++cases;
  }
  EXPECT_EQ(cases, 106);
}

}  // namespace
