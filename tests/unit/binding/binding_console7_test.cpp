// What PowerShell 7.6 printed for lines typed at its prompt: errors/binding/CASE.WIDTH.txt. Words
// and ids of an error are 7.6's, from binding.tsv, because the product has 5.1's (line_test.cpp
// compares those); where the error stands, and how that is shown, is what the product makes of it.
#include "agent/base/text.hpp"
#include "agent/binding/bind.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/line.hpp"
#include "agent/format/format.hpp"
#include "tests/unit/binding/golden.hpp"
#include "tests/unit/binding/line_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>

namespace sfb::binding {
namespace {

std::string console(const Cmdlet& cmdlet, const GoldenLine& row, int width) {
  format::Options options;
  options.width = width;
  options.edition = format::Edition::powershell_7;
  options.error_view = format::ErrorView::normal;
  ErrorRecord record;
  record.message = row.message;
  record.error_id = row.error_id;
  record.category_message = row.category;
  const auto tokens = read_line(cmdlet, row.line);
  if (!tokens) {
    if (tokens.error().has_position) {
      record.invocation_name = tokens.error().invocation_name;
      record.position_message = position_message(row.line, tokens.error().error, kEllipsis7);
    }
    return format::error(record, options);
  }
  auto bound = bind(cmdlet, *tokens, {});
  if (bound) {
    // The cmdlet of these recordings printed what was bound.
    return format::objects({}, {Value::string(binds_text(cmdlet, *std::move(bound)))}, options)
        .value();
  }
  underline_value_too(bound.error(), *tokens);
  record.invocation_name = cmdlet.name;
  record.position_message = position_message(row.line, bound.error(), kEllipsis7);
  return format::error(record, options);
}

TEST(BindingConsole, EveryRecordedLineOfPowerShell7) {
  const Cmdlet cmdlet = stand_in();
  const auto rows = golden_lines("binding.tsv");
  EXPECT_EQ(rows.size(), 53U);
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    const std::string file = entry.path().filename().string();
    const auto parts = split(file, '.');  // CASE.WIDTH.txt
    if (parts.size() != 3 || parts[2] != "txt") {
      continue;
    }
    const auto row = std::ranges::find(rows, parts[0], &GoldenLine::name);
    ASSERT_NE(row, rows.end()) << file;
    int width = 0;
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), width);
    ASSERT_GT(width, 0) << file;
    EXPECT_EQ(console(cmdlet, *row, width), read_golden(entry.path().string()))
        << file << ": " << row->line;
    ++cases;
  }
  EXPECT_EQ(cases, 106U);
}

}  // namespace
}  // namespace sfb::binding
