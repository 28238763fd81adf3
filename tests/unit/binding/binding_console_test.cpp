// What the console shows for every recorded line: binding, position and layout together.
#include "agent/base/text.hpp"
#include "agent/binding/bind.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/line.hpp"
#include "agent/format/format.hpp"
#include "tests/unit/binding/golden.hpp"
#include "tests/unit/binding/line_reader.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <filesystem>

namespace sfb::binding {
namespace {

ErrorRecord record_of(const BindError& error, std::string name, std::string position) {
  ErrorRecord record;
  record.message = error.message;
  record.invocation_name = std::move(name);
  record.position_message = std::move(position);
  record.category_message = error.category_message;
  record.error_id = error.error_id;
  record.exception_type = error.exception_type;
  return record;
}

std::string console(const Cmdlet& cmdlet, std::string_view line, int width) {
  format::Options options;
  options.width = width;
  const auto tokens = read_line(cmdlet, line);
  if (!tokens) {
    const LineError& error = tokens.error();
    return format::error(
        record_of(error.error, error.invocation_name,
                  error.has_position ? position_message(line, error.error) : std::string{}),
        options);
  }
  const auto bound = bind(cmdlet, *tokens, {});
  if (!bound) {
    return format::error(
        record_of(bound.error(), cmdlet.name, position_message(line, bound.error())), options);
  }
  return binds_text(cmdlet, *bound) + '\n';  // the stand-in printed what was bound as one string
}

TEST(BindingConsole, EveryRecordedLineAtEveryWidth) {
  const Cmdlet cmdlet = stand_in();
  std::size_t cases = 0;
  for (const auto& entry : std::filesystem::directory_iterator(golden_folder())) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with(".ps5.txt")) {
      continue;
    }
    const auto parts = split(file, '.');  // CASE.WIDTH.ps5.txt
    ASSERT_EQ(parts.size(), 4U) << file;
    int width = 0;
    std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), width);
    ASSERT_GT(width, 0) << file;
    const std::string line = read_golden(golden_folder() + std::string(parts[0]) + ".line");
    ASSERT_FALSE(line.empty()) << file;
    EXPECT_EQ(console(cmdlet, trim(line), width), read_golden(entry.path().string()))
        << file << ": " << line;
    ++cases;
  }
  EXPECT_EQ(cases, 106U);
}

}  // namespace
}  // namespace sfb::binding
