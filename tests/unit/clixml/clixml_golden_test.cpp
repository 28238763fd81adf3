// CLIXML against what PowerShell's own serialiser wrote (tests/golden).
#include "agent/base/encoding.hpp"
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::clixml {
namespace {

namespace fs = std::filesystem;

// A PowerShell client rebuilds a live ErrorRecord from the one it reads, with an exception class of
// its own around the server's, and writes that. This product keeps what the server sent.
const std::set<std::string> kNotRewritten = {"error-record.d1", "error-record.d2"};

std::string contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> files(const fs::path& folder, std::string_view ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().string().ends_with(ending)) {
      found.push_back(entry.path());
    }
  }
  std::ranges::sort(found);
  return found;
}

// A file as it would be in UTF-8 without BOM and with LF; line ends inside values are escaped.
std::string as_written_here(const std::string& bytes) {
  std::string text = *decode_text(bytes);
  std::erase(text, '\r');
  return text;
}

const fs::path kGolden = fs::path(SFB_SOURCE_DIR) / "tests/golden";

std::string cause(const Error& error) {
  return error.code + ": " + describe(error);
}

TEST(Golden, EveryFileIsWrittenAsItWasRead) {
  const auto cases = files(kGolden, ".clixml");
  ASSERT_GE(cases.size(), 150U) << "golden files are missing under " << kGolden;
  for (const fs::path& path : cases) {
    const std::string bytes = contents(path);
    const auto document = read_file(bytes, {});
    ASSERT_TRUE(document.has_value()) << path << ": " << cause(document.error());
    EXPECT_EQ(write_file(document->graph, document->roots).value(), as_written_here(bytes)) << path;
  }
}

TEST(Golden, EveryFileMayComeInUtf16) {
  std::size_t count = 0;
  for (const fs::path& path : files(kGolden / "clixml", ".d2.clixml")) {
    const std::string bytes = contents(path);
    std::string little = "\xFF\xFE";
    std::string big = "\xFE\xFF";
    for (const char16_t unit : to_utf16(bytes)) {
      const char low = static_cast<char>(unit & 0xFFU);
      const char high = static_cast<char>(unit >> 8U);
      little += {low, high};
      big += {high, low};
    }
    for (const std::string& encoded : {little, big, "\xEF\xBB\xBF" + bytes}) {
      const auto document = read_file(encoded, {});
      ASSERT_TRUE(document.has_value()) << path << ": " << cause(document.error());
      EXPECT_EQ(write_file(document->graph, document->roots).value(), bytes) << path;
    }
    ++count;
  }
  EXPECT_EQ(count, 44U);
}

TEST(Golden, WhatWasReadIsWrittenAgainAsPowerShellDoes) {
  std::size_t equal = 0;
  std::size_t excepted = 0;
  for (const std::string_view depth : {".d1", ".d2"}) {
    for (const fs::path& path : files(kGolden / "clixml", std::string(depth) + ".clixml")) {
      const auto document = read_file(contents(path), {});
      ASSERT_TRUE(document.has_value()) << path << ": " << cause(document.error());
      const std::string written =
          write_file(document->graph, document->roots, Origin::deserialized).value();
      fs::path again = path;
      again.replace_extension(".again.clixml");
      if (kNotRewritten.contains(path.stem().string())) {
        EXPECT_NE(written, contents(again)) << path << " is no exception any more";
        ++excepted;
        continue;
      }
      EXPECT_EQ(written, contents(again)) << path;
      ++equal;
    }
  }
  EXPECT_EQ(equal, 74U);
  EXPECT_EQ(excepted, kNotRewritten.size());
}

TEST(Golden, EveryMessageIsWrittenAsItWasRead) {
  const auto cases = files(kGolden / "clixml", ".wire.xml");
  ASSERT_EQ(cases.size(), 32U);
  for (const fs::path& path : cases) {
    std::string bytes = contents(path);
    ASSERT_TRUE(bytes.ends_with("\n")) << path;
    bytes.pop_back();  // the golden file's own line end, not the message's
    const auto document = read_message(bytes, {});
    ASSERT_TRUE(document.has_value()) << path << ": " << cause(document.error());
    ASSERT_EQ(document->roots.size(), 1U) << path;
    EXPECT_EQ(write_message(document->graph, document->roots.front()), bytes) << path;
    const auto with_bom = read_message("\xEF\xBB\xBF" + bytes, {});
    ASSERT_TRUE(with_bom.has_value()) << path << ": " << cause(with_bom.error());
    EXPECT_EQ(write_message(with_bom->graph, with_bom->roots.front()), bytes) << path;
  }
}

}  // namespace
}  // namespace sfb::clixml
