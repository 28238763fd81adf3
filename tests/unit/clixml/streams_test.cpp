// Files of powershell.exe -OutputFormat Xml: which value came on which stream.
#include "agent/clixml/streams.hpp"

#include "agent/clixml/writer.hpp"
#include "agent/value/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::clixml {
namespace {

constexpr std::string_view kHead =
    R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";
constexpr std::string_view kProgress =
    R"(<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>)"
    R"(<MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI>)"
    R"(<PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>)";

std::string file_of(std::string_view inside) {
  return std::string(kHead) + std::string(inside) + "</Objs>";
}

PipelineResult result_of(const std::string& bytes) {
  auto file = read_file(bytes, {});
  EXPECT_TRUE(file) << bytes << ": " << describe(file.error());
  return file ? by_stream(std::move(*file)) : PipelineResult{};
}

std::vector<std::string> texts(const PipelineResult& result, const std::vector<Value>& values) {
  std::vector<std::string> out;
  for (const Value& value : values) {
    out.emplace_back(plain_text(result.graph, value).value_or("-"));
  }
  return out;
}

using Texts = std::vector<std::string>;

TEST(Streams, OnlyOutputIsOutput) {
  for (const std::string& bytes :
       {"#< CLIXML\r\n" + file_of(std::string(kProgress) + R"(<S S="Output">a</S>)") + "\r\n",
        "\r\n#< CLIXML\r\n" + file_of(kProgress) + file_of(R"(<S S="output">a</S>)"),
        "#< CLIXML\r\n" + file_of(kProgress) + "\r\n#< CLIXML\r\n" +
            file_of(R"(<S S="OUTPUT">a</S><S S="Verbose">b</S><S S="debug">c</S>)"
                    R"(<S S="Information">d</S>)"),
        file_of(std::string(kProgress) + R"(<S S="Output">a</S>)")}) {
    const PipelineResult result = result_of(bytes);
    EXPECT_EQ(texts(result, result.output), Texts{"a"}) << bytes;
    EXPECT_TRUE(result.errors.empty()) << bytes;
    EXPECT_TRUE(result.warnings.empty()) << bytes;
  }
}

TEST(Streams, AFileWithoutStreamsIsOutput) {
  const PipelineResult result = result_of(file_of("<S>a</S><Nil /><S>b</S>"));
  EXPECT_EQ(texts(result, result.output), (Texts{"a", "-", "b"}));
}

// PowerShell cuts the console's text to lines.
TEST(Streams, LinesOfTheErrorStreamAreOneRecord) {
  const PipelineResult result = result_of(
      "#< CLIXML\r\n" +
      file_of(R"(<S S="Error">Get-CsBackupServiceStatus : Access is denied._x000D__x000A_</S>)"
              R"(<S S="error">    + CategoryInfo: none_x000D__x000A_</S>)"
              R"(<S S="warning">late</S><S S="Error">again</S>)"));
  EXPECT_TRUE(result.output.empty());
  EXPECT_EQ(result.warnings, Texts{"late"});
  ASSERT_EQ(result.errors.size(), 1U);
  const ErrorRecord first = ErrorRecord::from(result.graph, result.errors[0]);
  EXPECT_EQ(first.message,
            "Get-CsBackupServiceStatus : Access is denied.\r\n    + CategoryInfo: none\r\nagain");
  EXPECT_EQ(first.error_id, "NativeCommandError");
  EXPECT_TRUE(is_error_record(result.graph, result.errors[0]));
}

TEST(Streams, RecordsAndOtherObjectsOfTheErrorStream) {
  const PipelineResult result = result_of(file_of(
      R"(<Obj S="Error" RefId="0"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T></TN><MS>)"
      R"(<S N="FullyQualifiedErrorId">Id1</S><S N="ErrorDetails_Message">no service</S></MS></Obj>)"
      R"(<Obj S="Error" RefId="1"><ToString>odd</ToString></Obj><Nil S="Error" />)"
      R"(<S S="Error"> _x000D__x000A_</S>)"));
  ASSERT_EQ(result.errors.size(), 2U);
  EXPECT_EQ(ErrorRecord::from(result.graph, result.errors[0]).error_id, "Id1");
  EXPECT_EQ(ErrorRecord::from(result.graph, result.errors[1]).message, "odd");
  const PipelineResult blank = result_of(file_of(R"(<S S="Error"> _x000D__x000A_</S>)"));
  ASSERT_EQ(blank.errors.size(), 1U);
  EXPECT_EQ(ErrorRecord::from(blank.graph, blank.errors[0]).message,
            "(an error without a message)");
}

// Read as output, an error that lost its mark would be a remark beside a good answer.
TEST(Streams, AnUnknownOrMissingStreamIsRefused) {
  for (const char* inside :
       {R"(<S S="Errpr">a</S>)", R"(<S S="">a</S>)", R"(<S S="Output">a</S><S>b</S>)",
        R"(<S>a</S><S S="Error">b</S>)", R"(<Obj S="Erro" RefId="0" />)"}) {
    const auto file = read_file(file_of(inside), {});
    ASSERT_FALSE(file) << inside;
    EXPECT_EQ(file.error().code, "clixml.bad_value") << inside;
  }
  const std::string marked = file_of(R"(<S S="Output">a</S>)");
  const std::string bare = file_of("<S>b</S>");
  for (const auto& [text, what] :
       {std::pair(marked + bare,
                  "a value without a stream (S), though those of the documents before have one"),
        std::pair(bare + marked,
                  "a value with a stream (S), though those of the documents before have none"),
        std::pair(marked + file_of(R"(<S S="Output">a</S><S>b</S>)"),
                  "a value with a stream (S) beside one without")}) {
    const auto file = read_file("#< CLIXML\n" + text, {});
    ASSERT_FALSE(file) << text;
    EXPECT_THAT(file.error().message, testing::HasSubstr(what));
    EXPECT_THAT(file.error().message, testing::HasSubstr("of document 2"));
  }
}

TEST(Streams, TheLimitIsNamedThatCountsOverAllDocuments) {
  std::string text = "#< CLIXML\n";
  for (int i = 0; i < 3000; ++i) {
    text += file_of("<Nil/>");
  }
  Limits limits;
  limits.object = text.size();
  const std::size_t most = text.size() / 64;
  ASSERT_GT(most, 4096U) << "the least of all limits";
  const auto file = read_file(text, limits);
  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message,
              testing::HasSubstr("more than " + std::to_string(most) + " elements and"));
  EXPECT_THAT(file.error().message,
              testing::HasSubstr("of document " + std::to_string(most / 4 + 1)));
}

// What is written again holds no streams: an unknown element may not keep its own.
TEST(Streams, AnUnknownElementLosesItsStreamToo) {
  const auto file = read_file(file_of(R"(<X S="Output" A="b"/><S S="Output">a</S>)"), {});
  ASSERT_TRUE(file) << describe(file.error());
  EXPECT_EQ(file->roots[0].text, R"(<X A="b" />)");
  const auto written = write_file(file->graph, file->roots);
  ASSERT_TRUE(written);
  const auto again = read_file(*written, {});
  EXPECT_TRUE(again) << describe(again.error());
}

TEST(Streams, OnlyValuesAtTheTopHaveOne) {
  const PipelineResult result =
      result_of(file_of(R"(<Obj RefId="0"><LST><S S="Error">a</S></LST></Obj>)"));
  ASSERT_EQ(result.output.size(), 1U);
  EXPECT_EQ(items_of(result.graph, result.output[0]).size(), 1U);
}

}  // namespace
}  // namespace sfb::clixml
