#include "agent/clixml/clixml.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/value/access.hpp"
#include "agent/value/pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::clixml {
namespace {

using testing::HasSubstr;

constexpr std::string_view kHead =
    "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";

std::string file_of(std::string_view inside) {
  return std::string(kHead) + std::string(inside) + "</Objs>";
}

Document good(const std::string& body) {
  auto document = read_message(body, {});
  EXPECT_TRUE(document.has_value()) << body << ": " << describe(document.error());
  return document ? std::move(*document) : Document{};
}

template <typename T>
std::string code_of(const Result<T>& document) {
  return document ? "read" : document.error().code;
}

TEST(Reader, PartsOfAnObjectMayComeInAnyOrder) {
  const Document document = good(
      "<Obj RefId=\"7\"><MS><S N=\"b\">2</S></MS><I32>3</I32><Props><S "
      "N=\"a\">1</S></Props><ToString>Three</ToString><TN "
      "RefId=\"9\"><T>Contoso.State</T><T>System.Enum</T></TN></Obj>");
  const Value& root = document.roots.at(0);
  const Graph& graph = document.graph;
  EXPECT_TRUE(is_enum(graph, root));
  EXPECT_EQ(plain_text(graph, root), "Three");
  EXPECT_EQ(as_int64(graph, root), 3);
  EXPECT_EQ(find_property(graph, root, "A")->text, "1");
  EXPECT_EQ(find_property(graph, root, "B")->text, "2");
}

TEST(Reader, AnEmptyMessageIsOneNull) {
  for (const std::string_view body : {"", "\xEF\xBB\xBF"}) {
    const auto document = read_message(body, {});
    ASSERT_TRUE(document.has_value());
    ASSERT_EQ(document->roots.size(), 1U);
    EXPECT_TRUE(document->roots[0].is_null());
  }
}

TEST(Reader, ReferencesAreSharedNotCopied) {
  const Document document = good(
      "<Obj RefId=\"0\"><LST><Obj RefId=\"5\"><MS><Ref N=\"Up\" RefId=\"0\" /></MS></Obj><Ref "
      "RefId=\"5\" /></LST></Obj>");
  const auto items = items_of(document.graph, document.roots.at(0));
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0]->object, items[1]->object);
  EXPECT_EQ(find_property(document.graph, *items[1], "up")->object, document.roots[0].object)
      << "a cycle leads back";
  EXPECT_EQ(document.graph.size(), 2U);
}

TEST(Reader, ObjectsAndTypesHaveNumbersOfTheirOwn) {
  const Document document = good(
      "<Obj RefId=\"1\"><TN RefId=\"1\"><T>A</T></TN><LST><Obj RefId=\"2\"><TNRef RefId=\"1\" "
      "/></Obj></LST></Obj>");
  EXPECT_TRUE(has_type(document.graph, *items_of(document.graph, document.roots[0]).at(0), "A"));
}

TEST(Reader, ReferencesToWhatHasNotComeAreRefused) {
  for (const char* body :
       {"<Ref RefId=\"0\" />", "<Ref />", "<Obj><TNRef RefId=\"0\" /></Obj>",
        "<Obj RefId=\"0\"><LST><Ref RefId=\"1\" /><Obj RefId=\"1\" /></LST></Obj>",
        "<Obj RefId=\"0\"><TN RefId=\"3\"><T>A</T></TN><LST><Ref RefId=\"3\" /></LST></Obj>",
        "<Obj RefId=\"0\"><LST><Obj><TNRef RefId=\"0\" /></Obj></LST></Obj>"}) {
    const auto document = read_message(body, {});
    EXPECT_EQ(code_of(document), "clixml.bad_reference") << body;
  }
  const auto document = read_message("<Ref RefId=\"17\" />", {});
  EXPECT_EQ(document.error().peer, "17");
  EXPECT_THAT(document.error().message, HasSubstr("<Ref>"));
  EXPECT_THAT(document.error().message, HasSubstr("line 1, column 1"));
}

TEST(Reader, NumbersHoldForTheWholeDocument) {
  const auto document =
      read_file(file_of("<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN></Obj><Ref RefId=\"0\" "
                        "/><Obj RefId=\"1\"><TNRef RefId=\"0\" /></Obj>"),
                {});
  ASSERT_TRUE(document.has_value());
  ASSERT_EQ(document->roots.size(), 3U);
  EXPECT_EQ(document->roots[0].object, document->roots[1].object);
  EXPECT_TRUE(has_type(document->graph, document->roots[2], "A"));
}

TEST(Reader, DictionariesGoByNameNotByOrder) {
  const Document document = good(
      "<Obj RefId=\"0\"><DCT><En><I32 N=\"Value\">1</I32><S N=\"Key\">a</S></En><En><I32 "
      "N=\"Key\">3</I32><Nil N=\"Value\" /></En></DCT></Obj>");
  EXPECT_EQ(find_member(document.graph, document.roots[0], "A")->text, "1");
  const auto& entries = document.graph.at(0).collection->entries;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[1].first.kind, Kind::int32);
  EXPECT_TRUE(entries[1].second.is_null());
}

TEST(Reader, ANestedBaseObjectGivesItsProperties) {
  const std::string body =
      "<Obj RefId=\"0\"><TN RefId=\"0\"><T>Leaf</T></TN><Obj RefId=\"1\"><Props><S "
      "N=\"Value\">5985</S></Props></Obj><MS><S N=\"Name\">Port</S></MS></Obj>";
  const Document document = good(body);
  EXPECT_EQ(find_property(document.graph, document.roots[0], "value")->text, "5985");
  EXPECT_EQ(write_message(document.graph, document.roots[0]), body);
}

TEST(Reader, UnknownElementsSurvive) {
  for (const char* body :
       {"<Obj RefId=\"0\"><MS><PR N=\"Record\"><AV>Preparing &lt;1&gt;</AV><AI>0</AI><Nil "
        "/><S></S><SD> </SD></PR></MS></Obj>",
        "<New a=\"1&quot;\" />", "<Obj RefId=\"0\"><LST><New>text</New><I32>1</I32></LST></Obj>",
        "<Obj RefId=\"0\"><a xmlns=\"urn:x\" xmlns:a0=\"urn:y\" a0:c=\"d\"><e xmlns=\"\" /><f "
        "/></a></Obj>",
        "<Obj RefId=\"0\"><MS><MS N=\"PSStandardMembers\"><S N=\"a\">b</S></MS></MS></Obj>"}) {
    const Document document = good(body);
    EXPECT_EQ(write_message(document.graph, document.roots[0]), body);
  }
  const Document document = good("<New N=\"x\"><Deep>y</Deep></New>");
  EXPECT_EQ(document.roots[0].kind, Kind::opaque);
  EXPECT_EQ(document.roots[0].text, "<New><Deep>y</Deep></New>");
}

TEST(Reader, UnknownElementsOfAFileFitIntoAMessage) {
  const auto document =
      read_file(file_of("<Obj RefId=\"0\"><MS><PR N=\"Record\"><AV>x</AV></PR></MS></Obj>"), {});
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ(write_message(document->graph, document->roots[0]),
            "<Obj RefId=\"0\"><MS><PR N=\"Record\"><AV>x</AV></PR></MS></Obj>");
}

TEST(Reader, NamesAreUnescaped) {
  const Document document = good(
      "<Obj RefId=\"0\"><MS><I32 N=\"tab_x0009__x005F_x0020_\">1</I32><I32 "
      "N=\"_xD83D_\">2</I32></MS></Obj>");
  const auto& members = document.graph.at(0).extended;
  EXPECT_EQ(members.at(0).name, "tab\t_x0020_");
  EXPECT_EQ(members.at(0).wire_name, "");
  EXPECT_EQ(members.at(1).name, "\xEF\xBF\xBD");
  EXPECT_EQ(members.at(1).wire_name, "_xD83D_");
}

TEST(Reader, StructureThatCannotBeIsRefused) {
  for (const char* body :
       {"<S><S>a</S></S>", "<Obj>text</Obj>", "<Obj><LST>text</LST></Obj>",
        "<Obj><MS><S>no name</S></MS></Obj>", "<Obj><DCT><S>a</S></DCT></Obj>",
        "<Obj><DCT><En><S N=\"Key\">a</S></En></DCT></Obj>",
        "<Obj><DCT><En><S N=\"Value\">a</S></En></DCT></Obj>",
        "<Obj><DCT><En><S N=\"Key\">a</S><S N=\"Key\">b</S></En></DCT></Obj>",
        "<Obj><DCT><En><S N=\"Key\">a</S><S>b</S></En></DCT></Obj>", "<Obj><TN><S>a</S></TN></Obj>",
        "<Obj><ToString><S>a</S></ToString></Obj>",
        "<Obj RefId=\"0\"><LST><Ref RefId=\"0\"><S>a</S></Ref></LST></Obj>"}) {
    const auto document = read_message(body, {});
    ASSERT_EQ(code_of(document), "clixml.bad_value") << body;
    EXPECT_THAT(document.error().message, HasSubstr("(line 1, column ")) << body;
  }
}

TEST(Reader, WhatIsNoClixmlSaysSo) {
  for (const char* bytes :
       {"", " \r\n", "Get-CsBackupServiceStatus : failed", "{\"a\": 1}", "<html><body/></html>",
        "<Objs Version=\"1.1.0.1\"><S>a</S></Objs>", "<Objs xmlns=\"urn:other\" />"}) {
    const auto document = read_file(bytes, {});
    ASSERT_EQ(code_of(document), "clixml.not_clixml") << bytes;
    EXPECT_EQ(document.error().reason, Reason::parse);
    EXPECT_FALSE(document.error().remedy.empty()) << bytes;
  }
  EXPECT_EQ(code_of(read_message(file_of("<Nil />"), {})), "clixml.not_clixml");
  EXPECT_EQ(code_of(read_message("<Objs />", {})), "clixml.not_clixml");
}

TEST(Reader, AHalfWrittenFileIsASyntaxError) {
  const std::string whole = file_of("<Obj RefId=\"0\"><MS><S N=\"a\">text</S></MS></Obj>");
  for (std::size_t length = 1; length < whole.size(); ++length) {
    EXPECT_EQ(code_of(read_file(whole.substr(0, length), {})), "clixml.syntax") << length;
  }
  EXPECT_THAT(read_file(whole.substr(0, 60), {}).error().remedy, HasSubstr("half-written"));
}

TEST(Reader, DocumentTypesAreRefused) {
  const auto document =
      read_file("<!DOCTYPE Objs [<!ENTITY a \"b\">]>" + file_of("<S>&a;</S>"), {});
  EXPECT_EQ(code_of(document), "clixml.syntax");
  EXPECT_THAT(document.error().message, HasSubstr("document type"));
}

TEST(Reader, ADeclarationDoesNotDecideTheEncoding) {
  const std::string text =
      "<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n" + file_of("<S>\xC3\xA9</S>");
  const auto document = read_file(text, {});
  ASSERT_TRUE(document.has_value()) << describe(document.error());
  EXPECT_EQ(document->roots.at(0).text, "\xC3\xA9");
  const auto marked = read_file("#< CLIXML\r\n" + file_of("<S>a</S>"), {});
  ASSERT_TRUE(marked.has_value()) << describe(marked.error());
  EXPECT_EQ(marked->roots.size(), 1U);
}

TEST(Reader, NoncharactersComeRaw) {
  const std::string body =
      "<S>a\xEF\xBF\xBE"
      "b\xEF\xBF\xBF\xEF\xBF\xBD</S>";
  const Document document = good(body);
  EXPECT_EQ(document.roots[0].text,
            "a\xEF\xBF\xBE"
            "b\xEF\xBF\xBF\xEF\xBF\xBD");
  EXPECT_EQ(write_message(document.graph, document.roots[0]), body);
}

TEST(Reader, OtherBytesThanUtf8AreRefused) {
  const auto message = read_message("<S>a\xFCz</S>", {});
  ASSERT_EQ(code_of(message), "clixml.encoding");
  EXPECT_THAT(message.error().message, HasSubstr("byte 5"));
  EXPECT_EQ(code_of(read_message("<S>\xED\xA0\x80</S>", {})), "clixml.encoding");
  EXPECT_EQ(code_of(read_file(file_of("<S>a\xFCz</S>"), {})), "file.encoding");
  EXPECT_EQ(good("<S>a\xEF\xBF\xBD</S>").roots[0].text, "a\xEF\xBF\xBD")
      << "what the server put there stays";
}

std::string nested(std::size_t levels) {
  std::string body;
  for (std::size_t i = 0; i < levels; ++i) {
    body += i == 0 ? "<Obj>" : "<Obj N=\"Value\">";
    body += "<DCT><En><S N=\"Key\">k</S>";
  }
  body += "<Nil N=\"Value\" />";
  for (std::size_t i = 0; i < levels; ++i) {
    body += "</En></DCT></Obj>";
  }
  return body;
}

TEST(Reader, DepthIsCapped) {
  EXPECT_EQ(code_of(read_message(nested(64), {})), "read");
  EXPECT_EQ(code_of(read_message(nested(65), {})), "clixml.too_deep");
  EXPECT_EQ(code_of(read_message(nested(1000), {})), "clixml.too_deep");
  std::string unknown;
  for (int i = 0; i < 1000; ++i) {
    unknown += "<x>";
  }
  EXPECT_EQ(code_of(read_message(unknown, {})), "clixml.too_deep");
  Limits deep;
  deep.depth = 100'000;
  deep.object = 64UL << 20U;  // elements are counted by it too
  const auto document = read_message(nested(20'000), deep);
  ASSERT_EQ(code_of(document), "read") << "depth costs no stack";
  const auto again = read_message(write_message(document->graph, document->roots[0]), deep);
  EXPECT_EQ(code_of(again), "read");
}

TEST(Reader, SizeIsCapped) {
  Limits limits;
  limits.object = 1000;
  const std::string fits = "<S>" + std::string(993, 'a') + "</S>";
  EXPECT_EQ(code_of(read_message(fits, limits)), "read");
  EXPECT_EQ(code_of(read_message(fits + " ", limits)), "clixml.too_large");
  EXPECT_THAT(read_message(fits + " ", limits).error().remedy,
              ::testing::HasSubstr("limits.object"));
  EXPECT_EQ(code_of(read_file(file_of("<S>" + std::string(1000, 'a') + "</S>"), limits)),
            "clixml.too_large");
}

// A parsed object takes a hundred times the room of an empty element.
TEST(Reader, ElementsAreCapped) {
  const auto many = [](std::size_t count) {
    std::string items;
    for (std::size_t i = 0; i < count; ++i) {
      items += "<Obj/>";
    }
    return read_file(file_of(items), {});
  };
  EXPECT_EQ(code_of(many(60'000)), "read");
  EXPECT_EQ(code_of(many(70'000)), "clixml.too_large");
  EXPECT_THAT(many(70'000).error().remedy, ::testing::HasSubstr("limits.object"));
}

// What is kept counts, whatever came in.
TEST(Reader, MemoryIsCapped) {
  Limits limits;
  limits.object = 1UL << 20U;
  const auto repeated = [&](std::string_view before, std::string_view item, std::size_t count,
                            std::string_view behind) {
    std::string text(before);
    for (std::size_t i = 0; i < count; ++i) {
      text += item;
    }
    text += behind;
    return read_file(file_of(text), limits);
  };
  EXPECT_EQ(code_of(repeated("", "<Obj/>", 16'000, "")), "read");
  const auto nils = repeated("<Obj><LST>", "<Obj><LST><Nil/></LST></Obj>", 5'000, "</LST></Obj>");
  EXPECT_EQ(code_of(nils), "read");
  // Many namespaces of 500 bytes, each with an element of five.
  const std::string space(500, 'u');
  const auto opaque =
      repeated("<Obj xmlns:p=\"" + space + "\"><LST>", "<p:a/>", 10'000, "</LST></Obj>");
  EXPECT_EQ(code_of(opaque), "clixml.too_large");
  // Each takes its place in a list, an object and its reference, and has the largest names.
  limits.object = 64UL << 10U;
  const auto members = [](std::size_t count) {
    std::string text = "<Obj><MS>";
    for (std::size_t i = 0; i < count; ++i) {
      text += "<S N=\"" + std::to_string(i) + "\"/>";
    }
    return file_of(text + "</MS></Obj>");
  };
  EXPECT_EQ(code_of(read_file(members(1'000), limits)), "read");
  const auto too_many = read_file(members(2'000), limits);
  ASSERT_EQ(code_of(too_many), "clixml.too_large");
  EXPECT_THAT(too_many.error().message,
              ::testing::HasSubstr("524288 bytes of memory (8 x limits.object)"));
  EXPECT_THAT(too_many.error().remedy, ::testing::HasSubstr("limits.object"));
}

TEST(Reader, OneMeterCountsForAllMessages) {
  Graph graph;
  MemoryMeter meter(20'000);
  std::size_t kept = 0;
  std::string body = "<Obj><LST>";
  for (int i = 0; i < 10; ++i) {
    body += "<Obj RefId=\"" + std::to_string(i) + "\"/>";
  }
  body += "</LST></Obj>";
  auto value = read_message(body, {}, graph, meter);
  for (; value && kept < 100; ++kept) {
    value = read_message(body, {}, graph, meter);
  }
  EXPECT_EQ(code_of(value), "clixml.too_large");
  EXPECT_GT(kept, 2U);
  EXPECT_LE(graph.memory(), 20'000U);
}

TEST(Reader, AnErrorHoldsOnlySomeOfTheText) {
  const auto document = read_message("<I32>" + std::string(100'000, 'x') + "</I32>", {});
  ASSERT_EQ(code_of(document), "clixml.bad_value");
  EXPECT_EQ(document.error().peer, std::string(1000, 'x'));
}

TEST(Reader, RepeatedDeclarationsCannotBlowUp) {
  const std::string space(500, 'u');
  std::string body = "<x xmlns:p=\"" + space + "\">";
  for (int i = 0; i < 50'000; ++i) {
    body += "<p:a/><b/>";
  }
  body += "</x>";
  Limits limits;
  limits.object = 1UL << 20U;
  EXPECT_EQ(code_of(read_message(body, limits)), "clixml.too_large");
}

TEST(Reader, AnErrorRecordIsUnderstood) {
  const Document document = good(
      "<Obj RefId=\"0\"><TN "
      "RefId=\"0\"><T>System.Management.Automation.ErrorRecord</T></TN><MS><Obj N=\"Exception\" "
      "RefId=\"1\"><TN RefId=\"1\"><T>System.TimeoutException</T></TN><Props><S N=\"Message\">too "
      "late</S></Props></Obj><S N=\"FullyQualifiedErrorId\">Id,Cmd</S><I32 "
      "N=\"ErrorCategory_Category\">15</I32></MS></Obj>");
  EXPECT_TRUE(is_error_record(document.graph, document.roots[0]));
  const ErrorRecord record = ErrorRecord::from(document.graph, document.roots[0]);
  EXPECT_EQ(record.message, "too late");
  EXPECT_EQ(record.exception_type, "System.TimeoutException");
  EXPECT_EQ(record.error_id, "Id,Cmd");
  EXPECT_EQ(record.category, 15);
}

}  // namespace
}  // namespace sfb::clixml
