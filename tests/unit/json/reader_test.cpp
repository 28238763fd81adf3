// The JSON reader: values, caps, and every refusal with its place.
#include "agent/json/reader.hpp"

#include "agent/value/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::json {
namespace {

using namespace std::string_literals;

Value only(std::string_view text) {
  const auto document = read(text, Limits{});
  EXPECT_TRUE(document) << text << ": " << describe(document.error());
  return document && document->roots.size() == 1 ? document->roots.front() : Value{};
}

Error refused(std::string_view text, const Limits& limits = {}) {
  const auto document = read(text, limits);
  EXPECT_FALSE(document) << text;
  return document ? Error{} : document.error();
}

TEST(JsonReader, NumbersKeepTheirDigits) {
  struct Case {
    std::string_view text;
    Kind kind;
    std::string_view kept;
  };
  for (const Case& one :
       {Case{"0", Kind::int32, "0"}, Case{"-0", Kind::int32, "0"},
        Case{"2147483647", Kind::int32, "2147483647"},
        Case{"2147483648", Kind::int64, "2147483648"},
        Case{"-9223372036854775808", Kind::int64, "-9223372036854775808"},
        Case{"18446744073709551615", Kind::uint64, "18446744073709551615"},
        Case{"18446744073709551616", Kind::decimal, "18446744073709551616"},
        Case{"-9223372036854775809", Kind::decimal, "-9223372036854775809"},
        Case{"1.50", Kind::decimal, "1.50"},
        Case{"0.1234567890123456789012345678", Kind::double_float,
             "0.1234567890123456789012345678"},
        Case{"99999999999999999999999999999", Kind::double_float, "99999999999999999999999999999"},
        Case{"1E-07", Kind::double_float, "1E-07"}, Case{"1e+5", Kind::double_float, "1e+5"}}) {
    const Value value = only(one.text);
    EXPECT_EQ(value.kind, one.kind) << one.text;
    EXPECT_EQ(value.text, one.kept) << one.text;
  }
}

TEST(JsonReader, StringsAndEscapes) {
  EXPECT_EQ(only(R"("\"\\\/\b\f\n\r\t\u0041\u00e9")").text, "\"\\/\b\f\n\r\tA\xC3\xA9");
  EXPECT_EQ(only(R"("\ud83D\uDE00")").text, "\xF0\x9F\x98\x80");
  EXPECT_EQ(only(R"("\ud83d")").text, "\xEF\xBF\xBD");
  EXPECT_EQ(only(R"("\ud83dx\ude00")").text, "\xEF\xBF\xBDx\xEF\xBF\xBD");
  EXPECT_EQ(only(R"("\ud83d\u0041")").text,
            "\xEF\xBF\xBD"
            "A");
  EXPECT_EQ(only(R"("\u0000")").text, "\0"s);
  EXPECT_EQ(only(R"("\/Date(1700000000000)\/")").kind, Kind::string) << "dates stay strings";
}

TEST(JsonReader, ObjectsAreCustomObjectsInOrder) {
  const auto document = read(R"( {"B": 1, "A": [true, null, {}], "a b": "x"} )", Limits{});
  ASSERT_TRUE(document) << describe(document.error());
  ASSERT_EQ(document->roots.size(), 1U);
  const Value& root = document->roots.front();
  const Object* object = document->graph.object(root);
  ASSERT_NE(object, nullptr);
  EXPECT_TRUE(has_type(document->graph, root, "System.Management.Automation.PSCustomObject"));
  ASSERT_EQ(object->extended.size(), 3U);
  EXPECT_EQ(object->extended[0].name, "B");
  EXPECT_EQ(object->extended[1].name, "A");
  EXPECT_EQ(object->extended[2].name, "a b");
  const Value& items = object->extended[1].value;
  EXPECT_TRUE(has_type(document->graph, items, "System.Object[]"));
  EXPECT_EQ(items_of(document->graph, items).size(), 3U);
}

TEST(JsonReader, OutermostArrayIsThePipeline) {
  const auto document = read("[1, [2], 3]", Limits{});
  ASSERT_TRUE(document);
  ASSERT_EQ(document->roots.size(), 3U);
  EXPECT_EQ(document->roots[1].kind, Kind::object);
  const auto empty = read("[]", Limits{});
  ASSERT_TRUE(empty);
  EXPECT_TRUE(empty->roots.empty());
}

TEST(JsonReader, Encodings) {
  EXPECT_EQ(only("\xEF\xBB\xBF\"\xC3\xA9\"").text, "\xC3\xA9");
  EXPECT_EQ(only("\xFF\xFE\"\0\xE9\0\"\0"s).text, "\xC3\xA9");
  EXPECT_EQ(only("\xFE\xFF\0\"\0\xE9\0\""s).text, "\xC3\xA9");
  EXPECT_EQ(only("\"\xEF\xBF\xBD\"").text, "\xEF\xBF\xBD") << "it stands there";
  const Error error = refused("{\"a\": \"\xFC\"}");
  EXPECT_EQ(error.code, "file.encoding");
  EXPECT_EQ(error.message, "the text is neither UTF-8 nor UTF-16: byte 8 (0xfc, in line 1)");
}

TEST(JsonReader, SyntaxErrorsSayWhere) {
  struct Case {
    std::string_view text;
    std::string_view message;
  };
  for (const Case& one :
       {Case{"", "JSON line 1, column 1: the text ends too early"},
        Case{"  \n ", "JSON line 2, column 2: the text ends too early"},
        Case{"{\"a\": 1", "JSON line 1, column 8: the text ends too early"},
        Case{"{\n  \"\xC3\xA9\": x}", "JSON line 2, column 8: expected a value"},
        Case{"{a: 1}", "JSON line 1, column 2: expected a name in quotes"},
        Case{"{\"a\" 1}", "JSON line 1, column 6: expected ':'"},
        Case{"{\"a\": 1 \"b\": 2}", "JSON line 1, column 9: expected ',' or '}'"},
        Case{"{\"a\": 1,}", "JSON line 1, column 9: expected a name in quotes"},
        Case{"{\"\": 1}", "JSON line 1, column 2: a name is empty"},
        Case{"[1 2]", "JSON line 1, column 4: expected ',' or ']'"},
        Case{"[1,]", "JSON line 1, column 4: expected a value"},
        Case{"01", "JSON line 1, column 1: not a number"},
        Case{"-x", "JSON line 1, column 1: not a number"},
        Case{"1.x", "JSON line 1, column 3: expected a digit"},
        Case{"1e+x", "JSON line 1, column 4: expected a digit"},
        Case{"\"a\nb\"", "JSON line 1, column 3: a control character inside a string"},
        Case{"\"a\\x\"", "JSON line 1, column 3: an unknown escape"},
        Case{"\"\\u00g0\"", "JSON line 1, column 3: an unknown escape"},
        Case{"\"abc", "JSON line 1, column 5: the text ends too early"},
        Case{"nul", "JSON line 1, column 1: expected a value"},
        Case{"// no\n1", "JSON line 1, column 1: expected a value"}}) {
    const Error error = refused(one.text);
    EXPECT_EQ(error.reason, Reason::parse) << one.text;
    EXPECT_EQ(error.code, "json.syntax") << one.text;
    EXPECT_EQ(error.message, one.message) << one.text;
  }
}

TEST(JsonReader, ContentBehindTheEndIsRefused) {
  for (const std::string_view text : {"1 2", "{} {}", "[] ]", "{}}", "{}\n,", "\"a\"b"}) {
    EXPECT_EQ(refused(text).code, "json.trailing") << text;
  }
  EXPECT_EQ(refused("{}\n x").message,
            "JSON line 2, column 2: there is content behind the end of the document");
}

TEST(JsonReader, PeersWordsAreQuotedAndCut) {
  const Error error = refused("[" + std::string(100, '?'));
  EXPECT_EQ(error.peer, std::string(40, '?'));
  EXPECT_FALSE(error.remedy.empty());
}

TEST(JsonReader, DuplicateNamesAreRefusedInAnyCase) {
  const Error error = refused(R"({"Pool": 1, "pool": 2})");
  EXPECT_EQ(error.code, "json.duplicate_key");
  EXPECT_EQ(error.message, "JSON line 1, column 13: a name stands twice in one object");
  EXPECT_TRUE(read(R"([{"Pool": 1}, {"Pool": 2}])", Limits{}));
}

TEST(JsonReader, Caps) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read(nested(64), Limits{}));
  EXPECT_EQ(refused(nested(65)).code, "json.too_deep");
  EXPECT_EQ(refused(std::string(1'000'000, '[')).code, "json.too_deep");

  Limits small;
  small.object = 64;
  EXPECT_EQ(refused(std::string(65, ' '), small).code, "json.too_large");
  EXPECT_TRUE(read("[1,2,3]", small));
  EXPECT_EQ(refused("[1,2,3,4]", small).code, "json.too_large") << "four values in 64 bytes";
}

// What is kept counts, whatever came in: an empty list of three bytes takes hundreds.
TEST(JsonReader, MemoryIsCapped) {
  Limits limits;
  limits.object = 1UL << 20U;
  const auto many = [](std::string_view item, std::size_t count) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i) {
      text += i == 0 ? "" : ",";
      text += item;
    }
    return text + "]";
  };
  EXPECT_TRUE(read(many("[]", 15'000), limits));
  const Error lists = refused(many("[]", 40'000), limits);
  EXPECT_EQ(lists.code, "json.too_large");
  EXPECT_THAT(lists.message, ::testing::HasSubstr("8388608 bytes of memory (8 x limits.object)"));
  EXPECT_THAT(lists.remedy, ::testing::HasSubstr("limits.object"));
  EXPECT_EQ(refused(many(R"({"a":0})", 30'000), limits).code, "json.too_large");
  std::string names = "{";
  for (int i = 0; i < 60'000; ++i) {
    names += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":0";
  }
  EXPECT_EQ(refused(names + "}", limits).code, "json.too_large");
}

}  // namespace
}  // namespace sfb::json
