// parse_export of a wrapper that says how many items its lists have: one that is gone is seen.
#include "agent/remote/file/export_file.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::remote {
namespace {

const Fqdn kPool = *Fqdn::parse("atl.example.com");

std::string code_of(const std::string& bytes) {
  const auto parsed = parse_export(bytes, kPool, {});
  return parsed ? "good" : parsed.error().code;
}

std::string json(std::string_view counts, std::string_view modules, std::string_view errors = "",
                 std::string_view warnings = "\"w\"") {
  return fmt::format(
      R"({{"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z",)"
      R"("State":"Completed",{}"Output":[{{"BackupModules":{}}}],"Errors":[{}],"Warnings":[{}]}})",
      counts, modules, errors, warnings);
}

constexpr std::string_view kCounts =
    R"("Counts":{"Output":1,"Errors":0,"Warnings":1,"BackupModules":2},)";
constexpr std::string_view kTwo =
    R"(["A.B:[FinalState,NormalState]","C.D:[ErrorState,NormalState]"])";

TEST(ExportFileCounts, WholeFilesAndOldOnesAreRead) {
  EXPECT_EQ(code_of(json(kCounts, kTwo)), "good");
  EXPECT_EQ(code_of(json("", kTwo)), "good") << "a file of an older script";
  EXPECT_EQ(code_of(json(R"("Counts":{"Output":1},)", kTwo)), "good");
  EXPECT_EQ(code_of(json(kCounts, R"({"value":["a","b"],"Count":2})")), "good");
  EXPECT_EQ(code_of(json(R"("Counts":{"backupmodules":1},)", R"("A.B:[FinalState,NormalState]")")),
            "good");
  EXPECT_EQ(code_of(json(R"("Counts":{"BackupModules":0},)", "null")), "good");
}

TEST(ExportFileCounts, AnElementThatIsGoneIsSeen) {
  for (const std::string& bytes :
       {json(kCounts, R"(["A.B:[FinalState,NormalState]"])"), json(kCounts, "[]"),
        json(kCounts, "null"), json(kCounts, kTwo, "\"e\""), json(kCounts, kTwo, "", ""),
        json(R"("Counts":{"Output":2},)", kTwo), json(R"("Counts":{"Errors":1},)", kTwo)}) {
    EXPECT_EQ(code_of(bytes), "file.bad_wrapper") << bytes;
  }
}

TEST(ExportFileCounts, ACountThatIsNoneIsRefused) {
  for (const char* counts :
       {R"("Counts":null,)", R"("Counts":3,)", R"("Counts":{},)", R"("Counts":{"Output":"x"},)",
        R"("Counts":{"Output":-1},)", R"("Counts":{"Output":null},)", R"("Counts":{"Odd":1},)"}) {
    EXPECT_EQ(code_of(json(counts, kTwo)), "file.bad_wrapper") << counts;
  }
}

TEST(ExportFileCounts, ClixmlOfTheScriptAndHashtables) {
  const auto file = [](std::string_view counts, std::string_view modules) {
    return fmt::format(
        R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><MS>)"
        R"(<I32 N="SfbBackupExport">1</I32><S N="PoolFqdn">atl.example.com</S>)"
        R"(<S N="ExportedAt">2026-11-23T18:00:00Z</S><S N="State">Completed</S>{})"
        R"(<Obj N="Output" RefId="1"><LST><Obj RefId="2"><Props><Obj N="BackupModules" RefId="3">)"
        R"(<LST>{}</LST></Obj></Props></Obj></LST></Obj><Obj N="Errors" RefId="4"><LST /></Obj></MS></Obj></Objs>)",
        counts, modules);
  };
  constexpr std::string_view kModule = "<S>A.B:[FinalState,NormalState]</S>";
  for (
      const std::string_view counts :
      {R"(<Obj N="Counts" RefId="9"><MS><I32 N="Output">1</I32><I32 N="BackupModules">1</I32></MS></Obj>)",
       R"(<Obj N="Counts" RefId="9"><DCT><En><S N="Key">Output</S><I32 N="Value">1</I32></En>)"
       R"(<En><S N="Key">BackupModules</S><I32 N="Value">1</I32></En></DCT></Obj>)"}) {
    EXPECT_EQ(code_of(file(counts, kModule)), "good") << counts;
    EXPECT_EQ(code_of(file(counts, "")), "file.bad_wrapper") << counts;
  }
}

}  // namespace
}  // namespace sfb::remote
