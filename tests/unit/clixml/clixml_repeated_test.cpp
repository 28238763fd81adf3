// What stands twice in CLIXML, or behind its end: bytes between the two are missing, so it is
// refused.
#include "agent/clixml/clixml.hpp"
#include "agent/value/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::clixml {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string file_of(std::string_view inside) {
  return "<Objs Version=\"1.1.0.1\" "
         "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" +
         std::string(inside) + "</Objs>";
}

std::string code_of(const Result<Document>& document) {
  return document ? "read" : document.error().code;
}

TEST(Repeated, PartsOfAnObject) {
  const struct {
    std::string_view body;
    std::string_view what;
    std::string_view place;
  } cases[] = {
      {"<Obj><ToString>a</ToString><ToString>a</ToString></Obj>", "second <ToString> in one <Obj>",
       "column 28"},
      {"<Obj><Props /><MS /><Props /></Obj>", "second <Props> in one <Obj>", "column 21"},
      {"<Obj><MS><I32 N=\"a\">1</I32></MS><MS /></Obj>", "second <MS> in one <Obj>", "column 33"},
      {"<Obj><TN><T>a</T></TN><TN><T>a</T></TN></Obj>", "second <TN> or <TNRef> in one <Obj>", ""},
      {"<Obj><TN RefId=\"0\" /><TNRef RefId=\"0\" /></Obj>", "second <TN> or <TNRef>", ""},
      {"<Obj><LST /><LST /></Obj>", "second collection in one <Obj>", ""},
      {"<Obj><LST /><DCT /></Obj>", "second collection in one <Obj>", ""},
      {"<Obj><I32>1</I32><I32>2</I32></Obj>", "second value in one <Obj>", ""},
      {"<Obj><I32>1</I32><LST /></Obj>", "a value and a collection in one <Obj>", ""},
      {"<Obj><LST /><I32>1</I32></Obj>", "a value and a collection in one <Obj>", ""},
  };
  for (const auto& one : cases) {
    const auto document = read_message(one.body, {});
    ASSERT_EQ(code_of(document), "clixml.repeated") << one.body;
    EXPECT_EQ(document.error().reason, Reason::parse);
    EXPECT_THAT(document.error().message, AllOf(HasSubstr(one.what), HasSubstr(one.place)));
    EXPECT_THAT(document.error().remedy, HasSubstr("between the agent and the server"));
    const auto file = read_file(file_of(one.body), {});
    ASSERT_EQ(code_of(file), "clixml.repeated") << one.body;
    EXPECT_THAT(file.error().remedy, HasSubstr("Export-Clixml"));
  }
}

TEST(Repeated, MembersOfOneList) {
  for (const std::string_view tag : {"Props", "MS"}) {
    for (const auto& [first, second] :
         {std::pair("State", "State"), std::pair("State", "STATE"), std::pair("a_x0020_b", "A b"),
          std::pair("\xC3\xA4", "\xC3\xA4"), std::pair("_xD83D_", "_xD83D_")}) {
      const std::string body = "<Obj><" + std::string(tag) + "><S N=\"" + first +
                               "\">a</S><Obj N=\"" + second + "\" /></" + std::string(tag) +
                               "></Obj>";
      const auto document = read_message(body, {});
      ASSERT_EQ(code_of(document), "clixml.repeated") << body;
      EXPECT_THAT(document.error().message,
                  AllOf(HasSubstr("second member of the same name in one <" + std::string(tag)),
                        HasSubstr("line 1, column ")));
      EXPECT_EQ(document.error().peer, second);
    }
  }
}

TEST(Repeated, WhatMayStandTwice) {
  for (const std::string_view body :
       {// The same name in both lists is legal, and MS wins.
        "<Obj><Props><I32 N=\"a\">1</I32></Props><MS><I32 N=\"A\">2</I32></MS></Obj>",
        "<Obj><MS><Obj N=\"a\"><MS><I32 N=\"a\">1</I32></MS></Obj></MS></Obj>",
        "<Obj><MS><S N=\"_xD83D_\">1</S><S N=\"_xD83E_\">2</S></MS></Obj>",
        "<Obj><MS><S N=\"_xD83D_\">1</S><S N=\"_x005F_xD83D_\">2</S></MS></Obj>",
        "<Obj><MS><MS N=\"PSStandardMembers\"><S N=\"a\">b</S></MS></MS></Obj>",
        "<Obj><LST><S>a</S><S>a</S></LST></Obj>",
        "<Obj RefId=\"0\"><TN RefId=\"0\"><T>a</T></TN></Obj>",
        "<Obj><TN><T>a</T><T>a</T></TN></Obj>"}) {
    EXPECT_EQ(code_of(read_message(body, {})), "read") << body;
  }
}

TEST(Repeated, NumbersOfObjectsAndTypes) {
  for (const std::string_view body :
       {"<Obj RefId=\"0\"><LST><Obj RefId=\"0\" /></LST></Obj>",
        "<Obj><LST><Obj RefId=\"7\" /><Obj RefId=\"7\" /></LST></Obj>",
        "<Obj><TN RefId=\"0\"><T>a</T></TN><LST><Obj><TN RefId=\"0\"><T>a</T></TN></Obj></LST>"
        "</Obj>"}) {
    const auto document = read_message(body, {});
    ASSERT_EQ(code_of(document), "clixml.repeated") << body;
    EXPECT_THAT(document.error().message, HasSubstr("with the same RefId in one message"));
  }
  EXPECT_EQ(code_of(read_file(file_of("<Obj RefId=\"0\" /><Obj RefId=\"0\" />"), {})),
            "clixml.repeated");
}

std::string entry(std::string_view key, std::string_view value = "<Nil N=\"Value\" />") {
  return "<En>" + std::string(key) + std::string(value) + "</En>";
}

TEST(Repeated, KeysOfADictionary) {
  const auto code = [](const std::string& entries) {
    return code_of(read_message("<Obj><DCT>" + entries + "</DCT></Obj>", {}));
  };
  const std::string a = "<S N=\"Key\">a</S>";
  EXPECT_EQ(code(entry(a) + entry(a)), "clixml.repeated");
  EXPECT_EQ(code(entry("<I32 N=\"Key\">1</I32>") + entry("<I32 N=\"Key\">1</I32>")),
            "clixml.repeated");
  EXPECT_EQ(code(entry(a) + entry("<S N=\"Key\">A</S>")), "read") << "it may heed case";
  EXPECT_EQ(code(entry("<S N=\"Key\">1</S>") + entry("<I32 N=\"Key\">1</I32>") +
                 entry("<I64 N=\"Key\">1</I64>")),
            "read")
      << "keys of three types";
  EXPECT_EQ(code(entry("<Obj N=\"Key\"><S>a</S></Obj>") + entry("<Obj N=\"Key\"><S>a</S></Obj>")),
            "read")
      << "two objects";
  EXPECT_EQ(code(entry(a, "<Obj N=\"Value\"><DCT>" + entry(a) + "</DCT></Obj>")), "read");
  EXPECT_EQ(code(entry(a, "<S N=\"Value\">1</S><S N=\"Value\">1</S>")), "clixml.bad_value");
  EXPECT_EQ(code(entry(a + a)), "clixml.bad_value");
}

// Were they kept as elements of an unknown kind, what they hold would be lost without a word.
TEST(Repeated, PartsInTheWrongPlace) {
  for (const std::string_view body :
       {"<Obj><LST><LST><S>a</S></LST></LST></Obj>", "<Obj><MS><LST N=\"a\" /></MS></Obj>",
        "<Obj><MS><Props N=\"a\" /></MS></Obj>", "<Obj><LST><TN><T>a</T></TN></LST></Obj>",
        "<Obj><LST><MS><S N=\"a\">b</S></MS></LST></Obj>", "<Obj><En /></Obj>",
        "<Obj><LST><Objs /></LST></Obj>", "<Obj><T>a</T></Obj>", "<LST />", "<MS />",
        "<Obj><DCT><En><LST N=\"Key\" /><S N=\"Value\" /></En></DCT></Obj>"}) {
    const auto document = read_message(body, {});
    ASSERT_EQ(code_of(document), "clixml.bad_value") << body;
    EXPECT_THAT(document.error().message, HasSubstr("cannot stand there"));
  }
  EXPECT_EQ(code_of(read_file(file_of(file_of("<S>a</S>")), {})), "clixml.bad_value");
}

TEST(Trailing, ContentBehindTheRootIsRefused) {
  const std::string one = file_of("<S>a</S>");
  for (const std::string_view more :
       {"<S>b</S>", "text", "<more/>", "</Objs>", "&a;", "<", "\xC3\xA4"}) {
    EXPECT_EQ(code_of(read_file(one + std::string(more), {})), "clixml.trailing") << more;
    EXPECT_EQ(code_of(read_message("<S>a</S>" + std::string(more), {})), "clixml.trailing") << more;
  }
  EXPECT_EQ(code_of(read_file(one + one, {})), "clixml.trailing");
  EXPECT_THAT(read_file(one + "\n" + one, {}).error().message, HasSubstr("line 2, column 1"));
  EXPECT_EQ(code_of(read_file(one + "\r\n <!-- made by -->", {})), "read");
}

TEST(Trailing, FurtherDocumentsMayFollowTheFirstLineOfAStream) {
  const std::string mark = "#< CLIXML\r\n";
  const std::string object = "<Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN></Obj>";
  const auto several = read_file(
      mark + file_of(object + "<S>1</S>") + "\r\n" + file_of(object) + file_of("") + "\r\n", {});
  ASSERT_EQ(code_of(several), "read") << "each numbers anew";
  ASSERT_EQ(several->roots.size(), 3U);
  EXPECT_NE(several->roots[0].object, several->roots[2].object);
  EXPECT_TRUE(has_type(several->graph, several->roots[2], "A"));
  EXPECT_EQ(code_of(read_file(mark + file_of(object) + file_of("<Ref RefId=\"0\" />"), {})),
            "clixml.bad_reference")
      << "nothing refers over the end of a document";
  EXPECT_EQ(code_of(read_file(mark + file_of(object) + "text", {})), "clixml.trailing");
  EXPECT_EQ(code_of(read_file(mark + file_of(object) + "<S>a</S>", {})), "clixml.not_clixml");
  const auto cut = read_file(mark + file_of(object) + file_of(object).substr(0, 90), {});
  ASSERT_EQ(code_of(cut), "clixml.syntax");
  EXPECT_THAT(cut.error().message, HasSubstr("of document 2"));
}

TEST(Trailing, DocumentsOfAStreamShareTheCaps) {
  std::string many = "#< CLIXML\n";
  for (int i = 0; i < 7; ++i) {
    std::string items;
    for (int k = 0; k < 10'000; ++k) {
      items += "<Obj/>";
    }
    many += file_of(items);
  }
  EXPECT_EQ(code_of(read_file(many, {})), "clixml.too_large");
}

// Were a second part taken, a hundred lost bytes would join two objects to one.
TEST(Repeated, LostBytesNeverJoinTheMembersOfTwoObjects) {
  const auto object = [](std::string_view value) {
    return "<Obj><TN><T>A</T></TN><ToString>a</ToString><Props><S N=\"x\">" + std::string(value) +
           "</S></Props></Obj>";
  };
  const std::string whole = "<Obj><LST>" + object("1") + object("2") + "</LST></Obj>";
  std::size_t refused = 0;
  for (std::size_t from = 0; from < whole.size(); ++from) {
    for (std::size_t length = 1; length <= 100; ++length) {
      std::string cut = whole;
      cut.erase(from, length);
      const auto document = read_message(cut, {});
      refused += code_of(document) == "clixml.repeated" ? 1 : 0;
      for (ObjectId id = 0; document && id < document->graph.size(); ++id) {
        EXPECT_LE(document->graph.at(id).adapted.size(), 1U) << cut;
      }
    }
  }
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace sfb::clixml
