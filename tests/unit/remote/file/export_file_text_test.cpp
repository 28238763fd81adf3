// parse_export of a wrapper that carries the server's own text: whose it is, and that a wrong one
// never costs the objects.
#include "agent/remote/file/export_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::remote {
namespace {

const Fqdn kPool = *Fqdn::parse("atl.example.com");
constexpr std::string_view kObject = R"({"BackupModules":["A.B:[FinalState,NormalState]"]})";
constexpr std::string_view kText =
    R"({"Culture":"de-DE","Width80":"\r\nat 80\r\n","Width120":"\u001b[32;1mat 120\u001b[0m\r\n"})";

Result<Export> parse(std::string_view text, std::string_view objects = kObject,
                     std::string_view state = "Completed") {
  return parse_export(
      fmt::format(
          R"({{"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z",)"
          R"("State":"{}","Output":[{}],"Errors":[],"Text":{}}})",
          state, objects, text),
      kPool, {});
}

// Why it was left out; the objects are there in any case.
std::string left_out(std::string_view text, std::string_view objects = kObject,
                     std::string_view state = "Completed") {
  const auto parsed = parse(text, objects, state);
  if (!parsed) {
    return parsed.error().code;
  }
  EXPECT_EQ(parsed->result.output.size(), objects.empty() ? 0U : 1U) << text;
  if (!parsed->text_left_out.empty()) {
    EXPECT_TRUE(parsed->result.rendered.empty()) << text;
    EXPECT_EQ(parsed->culture, "") << text;
  }
  return parsed->text_left_out;
}

TEST(ExportFileText, BothWidthsAndTheCulture) {
  const auto parsed = parse(kText);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->text_left_out, "");
  EXPECT_EQ(parsed->culture, "de-DE");
  ASSERT_EQ(parsed->result.rendered.size(), 2U);
  EXPECT_EQ(parsed->result.rendered[0].form, (TextForm{.width = 80}));
  EXPECT_EQ(parsed->result.rendered[0].text, "\nat 80\n");
  EXPECT_EQ(parsed->result.rendered[1].form, (TextForm{.width = 120}));
  EXPECT_EQ(parsed->result.rendered[1].text, "at 120\n") << "without colours";
}

TEST(ExportFileText, OneWidthOrNoCultureWillDo) {
  const auto parsed = parse(R"({"Width120":"x"})");
  ASSERT_TRUE(parsed);
  ASSERT_EQ(parsed->result.rendered.size(), 1U);
  EXPECT_EQ(parsed->result.rendered[0].form, (TextForm{.width = 120}));
  for (const char* text : {"null", R"({"Culture":"","Width80":"x"})",
                           R"({"culture":"zh-Hans-CN","WIDTH80":"x","Width200":5})"}) {
    EXPECT_EQ(left_out(text), "") << text;
  }
}

TEST(ExportFileText, WhatIsWrongCostsTheTextAndNotTheObjects) {
  for (const char* text : {"3", "true", "\"text\"", "[]", "{}", R"([{"Width80":"x"}])",
                           R"({"Culture":"de-DE"})", R"({"Width40":"x"})"}) {
    EXPECT_EQ(left_out(text), "it holds neither Width80 nor Width120") << text;
  }
  for (const char* value : {"5", "null", "true", "{}", "[]", R"(["x"])", R"({"value":"x"})"}) {
    EXPECT_EQ(left_out(fmt::format(R"({{"Width120":"x","Width80":{}}})", value)),
              "Width80 is not a text")
        << value;
    EXPECT_EQ(left_out(fmt::format(R"({{"Width80":"x","Width120":{}}})", value)),
              "Width120 is not a text")
        << value;
  }
  const std::string long_name(33, 'x');
  for (const std::string& culture : {std::string("5"), std::string("null"), std::string("{}"),
                                     std::string(R"("p@ss word")"), '"' + long_name + '"'}) {
    EXPECT_EQ(left_out(fmt::format(R"({{"Culture":{},"Width80":"x"}})", culture)),
              "Culture is not the name of a culture")
        << culture;
  }
}

TEST(ExportFileText, ItHasALimit) {
  constexpr std::size_t kMost = 256UL << 10U;
  EXPECT_EQ(left_out(fmt::format(R"({{"Width80":"{}"}})", std::string(kMost, 'x'))), "");
  EXPECT_EQ(left_out(fmt::format(R"({{"Width80":"{}"}})", std::string(kMost + 1, 'x'))),
            "Width80 is longer than 262144 bytes");
}

TEST(ExportFileText, ATextOfOtherObjectsIsLeftOut) {
  EXPECT_EQ(left_out(kText, kObject, "Failed"), "the command failed");
  EXPECT_EQ(left_out(kText, ""), "Width80 is not the text of the objects in Output");
  EXPECT_EQ(left_out(R"({"Width80":" \r\n"})"), "Width80 is not the text of the objects in Output");
  EXPECT_EQ(left_out(R"({"Width80":"","Width120":"\r\n"})", ""), "") << "nothing prints nothing";
}

TEST(ExportFileText, ClixmlIsReadAlike) {
  const auto parsed = parse_export(
      R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><MS>)"
      R"(<I32 N="SfbBackupExport">1</I32><S N="PoolFqdn">atl.example.com</S>)"
      R"(<S N="ExportedAt">2026-11-23T18:00:00Z</S><S N="State">Completed</S>)"
      R"(<Obj N="Output" RefId="1"><LST><Obj RefId="2"><Props><S N="A">b</S></Props></Obj></LST></Obj>)"
      R"(<Obj N="Errors" RefId="4"><LST /></Obj><Obj N="Text" RefId="5"><MS><S N="Culture">en-US</S>)"
      R"(<S N="Width80">_x000D__x000A_A : b_x000D__x000A_</S></MS></Obj></MS></Obj></Objs>)",
      kPool, {});
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->culture, "en-US");
  ASSERT_EQ(parsed->result.rendered.size(), 1U) << parsed->text_left_out;
  EXPECT_EQ(parsed->result.rendered[0].text, "\nA : b\n");
}

}  // namespace
}  // namespace sfb::remote
