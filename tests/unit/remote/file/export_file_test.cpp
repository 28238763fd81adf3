// parse_export: the wrapper and bare exports, CLIXML and JSON, and every way a dropped file can be
// wrong.
#include "agent/remote/file/export_file.hpp"

#include "agent/base/encoding.hpp"
#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sfb::remote {
namespace {

const Fqdn kPool = *Fqdn::parse("atl.example.com");

constexpr std::string_view kHead =
    R"(<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">)";

std::string list(std::string_view name, int id, std::string_view items) {
  return std::string(R"(<Obj N=")") + std::string(name) + "\" RefId=\"" + std::to_string(id) +
         "\"><LST>" + std::string(items) + "</LST></Obj>";
}

struct Fields {
  std::string version = R"(<I32 N="SfbBackupExport">1</I32>)";
  std::string pool = R"(<S N="PoolFqdn">ATL.example.com.</S>)";
  std::string collector = {};
  std::string when = R"(<DT N="ExportedAt">2026-11-23T18:00:00.5Z</DT>)";
  std::string state = R"(<S N="State">Completed</S>)";
  std::string output = R"(<S>one</S>)";
  std::string errors = {};
  std::string warnings = {};
};

std::string clixml(const Fields& fields) {
  return std::string(kHead) + R"(<Obj RefId="0"><MS>)" + fields.version + fields.pool +
         fields.collector + fields.when + R"(<Version N="PSVersion">5.1.17763.1</Version>)" +
         fields.state + list("Output", 1, fields.output) + list("Errors", 2, fields.errors) +
         list("Warnings", 3, fields.warnings) + "</MS></Obj></Objs>";
}

Result<Export> parse(std::string_view bytes, const Limits& limits = {}) {
  return parse_export(bytes, kPool, limits);
}

std::string code_of(const Result<Export>& parsed) {
  return parsed ? "good" : parsed.error().code;
}

TEST(ExportFile, WrapperIsRead) {
  const auto parsed = parse(clixml({.output = "<S>one</S><Nil />", .warnings = "<S>careful</S>"}));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_TRUE(parsed->wrapped);
  EXPECT_EQ(parsed->format, ExportFormat::clixml);
  ASSERT_EQ(parsed->result.output.size(), 2U);
  EXPECT_EQ(parsed->result.output[0].text, "one");
  EXPECT_TRUE(parsed->result.output[1].is_null());
  EXPECT_EQ(parsed->result.warnings, std::vector<std::string>{"careful"});
  EXPECT_EQ(parsed->result.state, PipelineState::completed);
  EXPECT_EQ(parsed->result.ps_version, "5.1.17763.1");
  EXPECT_EQ(format_iso8601(*parsed->exported_at), "2026-11-23T18:00:00.5Z");
}

TEST(ExportFile, HashtableWrapperAndOtherCase) {
  const std::string bytes =
      std::string(kHead) +
      R"(<Obj RefId="0"><DCT>)"
      R"(<En><S N="Key">sfbbackupexport</S><I32 N="Value">1</I32></En><En><S N="Key">POOLFQDN</S><S N="Value">atl.example.com</S></En>)"
      R"(<En><S N="Key">exportedat</S><S N="Value">2026-11-23 18:00:00Z</S></En><En><S N="Key">STATE</S><S N="Value">completed</S></En>)"
      R"(<En><S N="Key">output</S><S N="Value">single</S></En><En><S N="Key">ERRORS</S><Nil N="Value" /></En></DCT></Obj></Objs>)";
  const auto parsed = parse(bytes);
  ASSERT_TRUE(parsed) << describe(parsed.error());
  ASSERT_EQ(parsed->result.output.size(), 1U);
  EXPECT_EQ(parsed->result.output[0].text, "single");
  EXPECT_TRUE(parsed->result.errors.empty());
}

TEST(ExportFile, ErrorsBecomeRecords) {
  const std::string record =
      R"(<Obj RefId="9"><TN RefId="0"><T>System.Management.Automation.ErrorRecord</T></TN><MS><Obj N="Exception" RefId="10">)"
      R"(<Props><S N="Message">no service</S></Props></Obj><S N="FullyQualifiedErrorId">Id1</S></MS></Obj>)";
  const auto parsed = parse(clixml({.state = R"(<S N="State">Failed</S>)",
                                    .output = "",
                                    .errors = record + "<S>plain text</S><Nil />"}));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->result.state, PipelineState::failed);
  ASSERT_EQ(parsed->result.errors.size(), 2U);
  EXPECT_EQ(ErrorRecord::from(parsed->result.graph, parsed->result.errors[0]).message,
            "no service");
  EXPECT_EQ(ErrorRecord::from(parsed->result.graph, parsed->result.errors[0]).error_id, "Id1");
  EXPECT_EQ(ErrorRecord::from(parsed->result.graph, parsed->result.errors[1]).message,
            "plain text");
}

TEST(ExportFile, JsonOfBothPowerShells) {
  const std::string head =
      R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","PSVersion":"5.1","State":"Completed",)";
  const std::string tail =
      R"("Output":[{"BackupModules":[]}],"Errors":[{"Message":"odd","FullyQualifiedErrorId":"X"}],"Warnings":"w"})";
  for (const std::string when :
       {R"("ExportedAt":"2026-11-23T18:00:00Z",)", R"("ExportedAt":"\/Date(1795456800000)\/",)"}) {
    const auto parsed = parse(head + when + tail);
    ASSERT_TRUE(parsed) << when << describe(parsed.error());
    EXPECT_EQ(parsed->format, ExportFormat::json);
    EXPECT_EQ(format_iso8601(*parsed->exported_at), "2026-11-23T18:00:00Z") << when;
    ASSERT_EQ(parsed->result.output.size(), 1U);
    ASSERT_EQ(parsed->result.errors.size(), 1U);
    EXPECT_EQ(ErrorRecord::from(parsed->result.graph, parsed->result.errors[0]).message, "odd");
    EXPECT_EQ(parsed->result.warnings, std::vector<std::string>{"w"});
  }
}

TEST(ExportFile, AMissingListIsNotAnEmptyOne) {
  const std::string head =
      R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z","State":"Completed")";
  EXPECT_EQ(code_of(parse(head + R"(,"Ouput":[],"Errors":[]})")), "file.bad_wrapper");
  EXPECT_EQ(code_of(parse(head + R"(,"Output":[]})")), "file.bad_wrapper");
  EXPECT_EQ(code_of(parse(head + R"(,"Output":[],"Errors":null})")), "good");
}

TEST(ExportFile, CountedListsOfWindowsPowerShell) {
  const auto parsed = parse(
      R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z","State":"Completed",)"
      R"("Output":{"value":[{"a":1},{"b":2}],"Count":2},"Errors":{"value":[],"Count":0}})");
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->result.output.size(), 2U);
  EXPECT_TRUE(parsed->result.errors.empty());
}

// A Count that says something else tells of a list that lost items or was flattened to a text.
TEST(ExportFile, ACountThatIsNotThatOfTheItemsIsRefused) {
  for (const char* list : {R"({"value":[],"Count":1})", R"({"value":[{"a":1}],"Count":0})",
                           R"({"value":[{"a":1}],"Count":2})", R"({"value":[{"a":1}],"Count":-1})",
                           R"({"value":[{"a":1}],"Count":"1"})",
                           R"({"value":[{"a":1}],"Count":null})", R"({"value":"a b","Count":2})",
                           R"({"value":"","Count":0})", R"({"value":null,"Count":1})"}) {
    for (const std::string name : {"Output", "Errors", "Warnings"}) {
      std::string file =
          R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z","State":"Completed")";
      for (const std::string member : {"Output", "Errors", "Warnings"}) {
        file += ",\"" + member + "\":" + (member == name ? list : "[]");
      }
      const auto parsed = parse(file + "}");
      ASSERT_FALSE(parsed) << file;
      EXPECT_EQ(parsed.error().code, "file.bad_wrapper") << file;
      EXPECT_NE(parsed.error().message.find(name), std::string::npos) << parsed.error().message;
    }
  }
}

// Nothing at all: the cmdlet had nothing to say, or it failed and the errors went elsewhere.
TEST(ExportFile, AnEmptyBareExportIsDoubtful) {
  for (const std::string& bytes :
       {std::string(kHead) + "</Objs>", std::string(kHead) + "<Nil /></Objs>", std::string("[]")}) {
    const auto parsed = parse(bytes);
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_FALSE(parsed->result.doubt.empty()) << bytes;
  }
  EXPECT_EQ(parse(std::string(kHead) + "<S>a</S></Objs>")->result.doubt, "");
  EXPECT_EQ(parse(clixml({.output = ""}))->result.doubt, "") << "the wrapper holds errors too";
}

TEST(ExportFile, BareExports) {
  const auto bare = parse(std::string(kHead) + "<S>a</S><S>b</S></Objs>");
  ASSERT_TRUE(bare) << describe(bare.error());
  EXPECT_FALSE(bare->wrapped);
  EXPECT_FALSE(bare->exported_at);
  EXPECT_EQ(bare->result.output.size(), 2U);
  const auto json = parse(R"({"BackupModules":null})");
  ASSERT_TRUE(json) << describe(json.error());
  EXPECT_EQ(json->result.output.size(), 1U);
}

std::string utf16(std::string_view text) {
  std::string bytes = "\xFF\xFE";
  for (const char16_t unit : to_utf16(text)) {
    bytes += static_cast<char>(unit & 0xFF);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

TEST(ExportFile, Utf16AsExportClixmlWritesIt) {
  const auto parsed = parse(utf16(clixml({})));
  EXPECT_TRUE(parsed) << describe(parsed.error());
}

TEST(ExportFile, OtherEncodingsAreRefusedAndNothingIsReplaced) {
  const std::string json =
      R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z","State":"Completed","Output":["?"],"Errors":[]})";
  const auto with = [](std::string text, std::string_view bytes) {
    return text.replace(text.find('?'), 1, bytes);
  };
  const std::string good = clixml({.output = "<S>?</S>"});
  const std::string declared = R"(<?xml version="1.0" encoding="windows-1252"?>)";
  for (const std::string& bytes :
       {with(good, "\xDC"), with(json, "\xDC"), "\xEF\xBB\xBF" + with(good, "\xDC"),
        with(good, "\xC0\xAF"), with(good, "\xED\xA0\x80"), declared + with(good, "\xDC"),
        declared + good, utf16(declared + good)}) {
    const auto parsed = parse(bytes);
    ASSERT_EQ(code_of(parsed), "file.encoding") << quote(bytes);
    EXPECT_EQ(parsed.error().reason, Reason::parse);
    EXPECT_FALSE(parsed.error().remedy.empty());
    EXPECT_EQ(parsed.error().peer, "");
  }
  for (const std::string& bytes : {with(good, "\xEF\xBF\xBD"), with(json, "\xEF\xBF\xBD")}) {
    const auto parsed = parse(bytes);
    ASSERT_TRUE(parsed) << describe(parsed.error());
    EXPECT_EQ(parsed->result.output.at(0).text, "\xEF\xBF\xBD") << "it stands in the file";
  }
}

TEST(ExportFile, ACutInsideACharacterIsACutFile) {
  const std::string good = clixml({.output = "<S>\xF0\x9F\x98\x80</S>"});
  const std::size_t face = good.find('\xF0');
  for (std::size_t bytes = 1; bytes < 4; ++bytes) {
    EXPECT_EQ(code_of(parse(good.substr(0, face + bytes))), "file.truncated") << bytes;
  }
  const std::string wide = utf16(good);
  for (std::size_t length = wide.size() - 8; length < wide.size(); ++length) {
    EXPECT_EQ(code_of(parse(wide.substr(0, length))), "file.truncated") << length;
  }
  std::string lone = wide;
  lone.erase(lone.find("\x3D\xD8"), 2);
  EXPECT_EQ(code_of(parse(lone)), "file.encoding");
}

TEST(ExportFile, AnotherObjectBesideTheWrapperIsRefused) {
  const std::string failed =
      clixml({.state = R"(<S N="State">Failed</S>)", .output = "", .errors = "<S>e</S>"});
  const std::string status = R"(<Obj RefId="9"><MS><Nil N="BackupModules" /></MS></Obj>)";
  std::string both = failed;
  both.insert(both.rfind("</Objs>"), status);
  EXPECT_EQ(code_of(parse(both)), "file.bad_wrapper");
  both = failed;
  both.insert(kHead.size(), status);
  EXPECT_EQ(code_of(parse(both)), "file.bad_wrapper");
  const std::string json =
      R"({"SfbBackupExport":1,"PoolFqdn":"atl.example.com","ExportedAt":"2026-11-23T18:00:00Z","State":"Failed","Output":[],"Errors":[]})";
  EXPECT_EQ(code_of(parse("[" + json + R"(,{"BackupModules":null}])")), "file.bad_wrapper");
  EXPECT_EQ(code_of(parse("[" + json + "]")), "good");
}

TEST(ExportFile, WhatIsWrongHasItsCode) {
  const std::string good = clixml({});
  const struct {
    std::string what;
    std::string bytes;
    std::string code;
  } kCases[] = {
      {"nothing", "", "file.empty"},
      {"blanks", " \r\n", "file.empty"},
      {"half CLIXML", good.substr(0, good.size() / 2), "file.truncated"},
      {"last byte gone", good.substr(0, good.size() - 1), "file.truncated"},
      {"half JSON", R"({"SfbBackupExport":1,"Pool)", "file.truncated"},
      {"zeros of a cut write", good.substr(0, 100) + std::string(100, '\0'), "file.truncated"},
      {"zeros behind the end", good + std::string(100, '\0'), "file.truncated"},
      {"zeros behind the end of JSON", "{}" + std::string(100, '\0'), "file.truncated"},
      {"only zeros", std::string(1000, '\0'), "file.truncated"},
      {"another format", "BackupModules : {x}", "file.foreign"},
      {"other XML", "<html></html>", "clixml.not_clixml"},
      {"broken inside", std::string(kHead) + "<S>a</I32></Objs>", "clixml.syntax"},
      {"two files in one", good + good, "clixml.trailing"},
      {"two in JSON", R"({"a":1}{"b":2})", "json.trailing"},
      {"text behind the end", good + "x", "clixml.trailing"},
      {"text behind the end of JSON", "[] x", "json.trailing"},
      {"a field twice", clixml({.state = R"(<S N="State">Failed</S><S N="state">Completed</S>)"}),
       "clixml.repeated"},
      {"a field twice in JSON", R"({"State":"Failed","state":"Completed"})", "json.duplicate_key"},
      {"another program's bytes", "MZ\x90\x03\xFF", "file.foreign"},
      {"UTF-32", std::string("\xFF\xFE\0\0<\0\0\0", 8), "file.encoding"},
      {"another pool", clixml({.pool = R"(<S N="PoolFqdn">chi.example.com</S>)"}),
       "file.wrong_pool"},
      {"a pool that is no name", clixml({.pool = R"(<S N="PoolFqdn">../etc</S>)"}),
       "file.wrong_pool"},
      {"no pool", clixml({.pool = ""}), "file.bad_wrapper"},
      {"no time", clixml({.when = ""}), "file.bad_wrapper"},
      {"no real time", clixml({.when = R"(<S N="ExportedAt">yesterday</S>)"}), "file.bad_wrapper"},
      // Of a front end in Berlin it would make a file that is an hour old look new.
      {"no time zone", clixml({.when = R"(<S N="ExportedAt">2026-11-23T18:00:00</S>)"}),
       "file.bad_wrapper"},
      {"no time zone, a blank",
       clixml({.when = R"(<DT N="ExportedAt">2026-11-23 18:00:00.123</DT>)"}), "file.bad_wrapper"},
      {"no state", clixml({.state = ""}), "file.bad_wrapper"},
      {"an odd state", clixml({.state = R"(<S N="State">Running</S>)"}), "file.bad_wrapper"},
      {"a newer script", clixml({.version = R"(<I32 N="SfbBackupExport">2</I32>)"}),
       "file.bad_wrapper"},
      {"no number", clixml({.version = R"(<S N="SfbBackupExport">x</S>)"}), "file.bad_wrapper"},
  };
  for (const auto& test : kCases) {
    const auto parsed = parse(test.bytes);
    EXPECT_EQ(code_of(parsed), test.code) << test.what;
    if (!parsed) {
      EXPECT_EQ(parsed.error().reason, Reason::parse) << test.what;
      EXPECT_FALSE(parsed.error().message.empty()) << test.what;
    }
  }
  Limits small;
  small.object = 100;
  EXPECT_EQ(code_of(parse(good, small)), "file.too_large");
}

TEST(ExportFile, WhatIsNoExportIsToldByLengthAndKind) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"hunter2", "but 7 bytes of text without markup"},
      {"hunter2\r\n", "but 9 bytes of text without markup"},
      {"root:hunter2\x01", "but 13 bytes of binary data"},
      {std::string("\0hunter2", 8), "but 8 bytes of binary data"},
      {std::string(3, '\0'), "nothing but zeros"}};
  for (const auto& [bytes, what] : cases) {
    const auto parsed = parse(bytes);
    ASSERT_FALSE(parsed);
    EXPECT_TRUE(parsed.error().message.contains(what)) << parsed.error().message;
    EXPECT_EQ(parsed.error().peer, "");
  }
}

TEST(ExportFile, TheCollectorMustBeTheOneThatIsAsked) {
  const auto code = [](const std::string& bytes, std::string_view asked) {
    return code_of(parse_export(bytes, kPool, {}, asked));
  };
  const std::string absent = clixml({});
  EXPECT_EQ(code(absent, kDefaultCollector), "good") << "without the field it is the status";
  EXPECT_EQ(code(absent, "management_store_replication"), "file.wrong_collector");
  const std::string named =
      clixml({.collector = R"(<S N="collector"> Management_Store_Replication </S>)"});
  EXPECT_EQ(code(named, "management_store_replication"), "good") << "in any case";
  EXPECT_EQ(code(named, kDefaultCollector), "file.wrong_collector");
  EXPECT_EQ(code(clixml({.collector = R"(<S N="Collector">backup_service_status</S>)"}),
                 kDefaultCollector),
            "good");
  const auto wrong = parse_export(named, kPool, {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().reason, Reason::parse);
  EXPECT_EQ(wrong.error().message, "the export is not of collector backup_service_status");
  EXPECT_EQ(wrong.error().peer, "management_store_replication");
  EXPECT_TRUE(wrong.error().remedy.contains("-Collector"));
}

TEST(ExportFile, ABareExportIsOfTheCollectorWhoseFileItIs) {
  EXPECT_TRUE(parse_export(R"({"UpToDate":true})", kPool, {}, "management_store_replication"));
}

TEST(ExportFile, EveryPrefixIsAnErrorAndNoCrash) {
  const std::string good = clixml({.errors = "<S>e</S>", .warnings = "<S>w</S>"});
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(parse(std::string_view(good).substr(0, length))) << length;
  }
}

// What the script really wrote, run by Microsoft's engine (tests/golden/export).
TEST(ExportFile, RealExports) {
  const std::filesystem::path folder =
      std::filesystem::path(SFB_SOURCE_DIR) / "tests/golden/export";
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".md") {
      continue;
    }
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    const std::string text = *decode_text(bytes);
    const auto end = text.find(".litwareinc.com", text.find("PoolFqdn"));
    const bool wrapped = entry.path().filename().string().starts_with("bare-") == false;
    const std::string pool = end == std::string::npos ? "atl-cs-001" : text.substr(end - 10, 10);
    const auto parsed = parse_export(bytes, *Fqdn::parse(pool + ".litwareinc.com"), {});
    ASSERT_TRUE(parsed) << entry.path() << ": " << describe(parsed.error());
    EXPECT_EQ(parsed->wrapped, wrapped) << entry.path();
    const bool failed =
        text.find(">Failed<") != std::string::npos || text.find("\"Failed\"") != std::string::npos;
    EXPECT_EQ(parsed->result.state == PipelineState::failed, failed) << entry.path();
    for (const Value& error : parsed->result.errors) {
      const ErrorRecord record = ErrorRecord::from(parsed->result.graph, error);
      EXPECT_FALSE(record.message.empty()) << entry.path();
      EXPECT_FALSE(record.error_id.empty()) << entry.path();
      EXPECT_FALSE(record.category_message.empty()) << entry.path();
    }
    ++count;
  }
  EXPECT_GE(count, 18U);
}

}  // namespace
}  // namespace sfb::remote
