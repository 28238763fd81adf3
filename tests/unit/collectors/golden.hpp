// Golden answers of a collector: a table of tab-separated lines, each a file and what it means.
#pragma once

#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/json/reader.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace sfb::collectors::testing {

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The answer whose output is the file: `.xml` is a message's body, `.json` JSON, others CLIXML.
inline Result<PipelineResult> golden_answer(const std::string& path) {
  const std::string bytes = contents(path);
  auto document = path.ends_with(".xml")    ? clixml::read_message(bytes, {})
                  : path.ends_with(".json") ? json::read(bytes, {})
                                            : clixml::read_file(bytes, {});
  if (!document) {
    return std::unexpected(std::move(document.error()));
  }
  PipelineResult result;
  result.graph = std::move(document->graph);
  result.output = std::move(document->roots);
  return result;
}

/// Compares each line of a table below tests/collectors with `told(first column)`, the line that
/// the answer gives: a difference reads like a diff of the table. How many there were.
template <typename Told>
std::size_t expect_cases(const std::string& table, Told told) {
  std::size_t cases = 0;
  const std::string lines = contents(SFB_SOURCE_DIR "/tests/collectors/" + table);
  for (const std::string_view line : split(lines, '\n')) {
    if (!line.empty() && !line.starts_with('#')) {
      ++cases;
      EXPECT_EQ(told(std::string(split(line, '\t').front())), line);
    }
  }
  return cases;
}

}  // namespace sfb::collectors::testing
