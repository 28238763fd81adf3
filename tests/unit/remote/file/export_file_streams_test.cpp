// parse_export of what powershell.exe -OutputFormat Xml wrote: output, errors and the rest of a
// command in one file.
#include "agent/base/text.hpp"
#include "agent/remote/file/export_file.hpp"
#include "agent/value/access.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::remote {
namespace {

const Fqdn kPool = *Fqdn::parse("atl.example.com");

constexpr std::string_view kHead =
    R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";
constexpr std::string_view kProgress =
    R"(<Obj S="progress" RefId="0"><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV></PR></MS></Obj>)";
constexpr std::string_view kStatus =
    R"(<Obj S="Output" RefId="1"><Props><Obj N="BackupModules" RefId="2"><LST><S>A.B:[FinalState,NormalState]</S></LST></Obj></Props></Obj>)";
constexpr std::string_view kError =
    R"(<S S="Error">Get-CsBackupServiceStatus : Access is denied._x000D__x000A_</S>)";

std::string file_of(std::initializer_list<std::string_view> items) {
  std::string bytes(kHead);
  for (const std::string_view item : items) {
    bytes += item;
  }
  return bytes + "</Objs>";
}

Result<Export> parse(std::string_view bytes) {
  return parse_export(bytes, kPool, {});
}

std::string utf16(std::string_view text) {
  std::string bytes = "\xFF\xFE";
  for (const char16_t unit : to_utf16(text)) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

TEST(ExportFileStreams, TheStatusIsReadInEveryForm) {
  const std::string one = "#< CLIXML\r\n" + file_of({kProgress, kStatus}) + "\r\n";
  for (const std::string& bytes :
       {one, file_of({kProgress, kStatus}), "\xEF\xBB\xBF" + one, utf16(one), "\r\n" + one,
        "#< CLIXML\r\n" + file_of({kProgress}) + file_of({kStatus}) + "\r\n",
        "#< CLIXML\r\n" + file_of({kStatus}) + "\r\n#< CLIXML\r\n" + file_of({kProgress})}) {
    const auto parsed = parse(bytes);
    ASSERT_TRUE(parsed) << bytes << ": " << describe(parsed.error());
    EXPECT_EQ(parsed->format, ExportFormat::clixml);
    EXPECT_FALSE(parsed->wrapped);
    EXPECT_EQ(parsed->result.state, PipelineState::completed);
    EXPECT_EQ(parsed->result.doubt, "");
    ASSERT_EQ(parsed->result.output.size(), 1U) << bytes;
    EXPECT_NE(find_member(parsed->result.graph, parsed->result.output[0], "BackupModules"),
              nullptr);
  }
}

TEST(ExportFileStreams, AnErrorIsNoOutput) {
  for (const std::string& bytes :
       {file_of({kError, R"(<S S="warning">late</S>)"}),
        "#< CLIXML\r\n" + file_of({kProgress, kError, R"(<S S="warning">late</S>)"})}) {
    const auto parsed = parse(bytes);
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_TRUE(parsed->result.output.empty());
    EXPECT_EQ(parsed->result.warnings, std::vector<std::string>{"late"});
    ASSERT_EQ(parsed->result.errors.size(), 1U);
    EXPECT_EQ(ErrorRecord::from(parsed->result.graph, parsed->result.errors[0]).message,
              "Get-CsBackupServiceStatus : Access is denied.");
  }
}

// Nothing tells whether the command went on after it: the status may be the half of an answer.
TEST(ExportFileStreams, AnErrorBesideAStatusIsAFailure) {
  constexpr std::string_view kRecord =
      R"(<Obj RefId="7"><TN RefId="7"><T>System.Management.Automation.ErrorRecord</T></TN><MS><S N="FullyQualifiedErrorId">X</S></MS></Obj>)";
  const std::string unmarked =
      R"(<Obj RefId="1"><Props><Obj N="BackupModules" RefId="2"><LST /></Obj></Props></Obj>)";
  for (const std::string& bytes :
       {file_of({kStatus, kError}), file_of({kError, kStatus}),
        "#< CLIXML\r\n" + file_of({kStatus}) + "#< CLIXML\r\n" + file_of({kError}),
        file_of({unmarked, kRecord}), file_of({kRecord, unmarked})}) {
    const auto parsed = parse(bytes);
    ASSERT_TRUE(parsed) << bytes << ": " << describe(parsed.error());
    EXPECT_EQ(parsed->result.state, PipelineState::failed) << bytes;
    EXPECT_EQ(parsed->result.output.size(), 1U) << bytes;
    EXPECT_EQ(parsed->result.errors.size(), 1U) << bytes;
  }
}

TEST(ExportFileStreams, NothingButProgressIsDoubtful) {
  const auto parsed = parse("#< CLIXML\r\n" + file_of({kProgress}));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_TRUE(parsed->result.output.empty());
  EXPECT_FALSE(parsed->result.doubt.empty());
}

TEST(ExportFileStreams, AnErrorBesideTheWrapperIsAFailure) {
  const std::string wrapper =
      R"(<Obj S="Output" RefId="0"><MS><I32 N="SfbBackupExport">1</I32><S N="PoolFqdn">atl.example.com</S>)"
      R"(<DT N="ExportedAt">2026-11-23T18:00:00Z</DT><S N="State">Completed</S>)"
      R"(<Obj N="Output" RefId="1"><LST><S>one</S></LST></Obj><Obj N="Errors" RefId="2"><LST /></Obj></MS></Obj>)";
  const auto whole = parse("#< CLIXML\r\n" + file_of({kProgress, wrapper}));
  EXPECT_FALSE(whole) << "the ids of both objects are the same";
  const auto alone = parse("#< CLIXML\r\n" + file_of({kProgress}) + file_of({wrapper}));
  ASSERT_TRUE(alone) << describe(alone.error());
  EXPECT_TRUE(alone->wrapped);
  EXPECT_EQ(alone->result.state, PipelineState::completed);
  const auto beside = parse("#< CLIXML\r\n" + file_of({wrapper, kError}));
  ASSERT_TRUE(beside) << describe(beside.error());
  EXPECT_EQ(beside->result.state, PipelineState::failed);
  EXPECT_EQ(beside->result.errors.size(), 1U);
}

TEST(ExportFileStreams, CutAndForeignOnes) {
  const auto code_of = [](std::string_view bytes) {
    const auto parsed = parse(bytes);
    return parsed ? "good" : parsed.error().code;
  };
  const std::string whole = "#< CLIXML\r\n" + file_of({kProgress, kStatus});
  EXPECT_EQ(code_of("#< CLIXML\r\n"), "file.truncated");
  EXPECT_EQ(code_of(std::string_view(whole).substr(0, whole.size() - 5)), "file.truncated");
  EXPECT_EQ(code_of("#< CLI"), "file.foreign");
  EXPECT_EQ(code_of("# a script"), "file.foreign");
  EXPECT_EQ(code_of("#< CLIXML\r\nnothing"), "clixml.not_clixml");
  EXPECT_EQ(code_of("#< CLIXML\r\n" + file_of({"<S>\xFC</S>"})), "file.encoding");
}

}  // namespace
}  // namespace sfb::remote
