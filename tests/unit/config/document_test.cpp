#include "config/document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace sfb::config {
namespace {

std::string refusal(std::string_view text) {
  const auto document = parse_document("f.yml", text);
  return document ? "read" : to_string(document.error());
}

TEST(Document, KnowsThePlaceOfKeysAndValues) {
  const auto document = parse_document("f.yml", "a: 1\nb:\n  - x\n  - {c: y}\n");
  ASSERT_TRUE(document.has_value());
  const Node& root = *(*document)->root;
  ASSERT_EQ(root.kind, Node::Kind::map);
  ASSERT_EQ(root.entries.size(), 2U);
  EXPECT_EQ(to_string(root.entries[1].key->position()), "f.yml:2:1");
  const Node& list = *root.entries[1].value;
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0]->text, "x");
  EXPECT_EQ(to_string(list.items[0]->position()), "f.yml:3:5");
  EXPECT_EQ(to_string(list.items[1]->entries.at(0).value->position()), "f.yml:4:9");
}

TEST(Document, KeepsDuplicateKeysAndTellsNullFromText) {
  const auto document = parse_document("f.yml", "a: ~\na:\na: 'null'\na: ''\n");
  ASSERT_TRUE(document.has_value());
  const auto& entries = (*document)->root->entries;
  ASSERT_EQ(entries.size(), 4U);
  EXPECT_EQ(entries[0].value->kind, Node::Kind::null);
  EXPECT_EQ(entries[1].value->kind, Node::Kind::null);
  EXPECT_EQ(entries[2].value->kind, Node::Kind::scalar);
  EXPECT_EQ(entries[3].value->kind, Node::Kind::scalar);
}

TEST(Document, AnAliasIsItsTarget) {
  const auto document = parse_document("f.yml", "a: &x {k: v}\nb: *x\n");
  ASSERT_TRUE(document.has_value());
  const auto& entries = (*document)->root->entries;
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].value, entries[1].value);
}

TEST(Document, NothingButCommentsHasNoRoot) {
  const auto document = parse_document("f.yml", "# nothing\n");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ((*document)->root, nullptr);
}

TEST(Document, AByteOrderMarkIsNoContent) {
  const auto document = parse_document("f.yml",
                                       "\xEF\xBB\xBF"
                                       "a: 1\n");
  ASSERT_TRUE(document.has_value());
  EXPECT_EQ((*document)->root->entries.at(0).key->text, "a");
}

TEST(Document, NestingEndsAtItsCap) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(kMaxNesting)), "read");
  EXPECT_EQ(refusal(nested(kMaxNesting + 1)),
            "f.yml:1:65: values are nested deeper than 64, the configuration needs four levels");
  // Deeper than any stack could follow.
  EXPECT_NE(refusal(nested(200'000)), "read");
  EXPECT_NE(refusal(std::string(200'000, '{')), "read");
  std::string keys;
  for (int i = 0; i < 50'000; ++i) {
    keys += "? ";
  }
  EXPECT_NE(refusal(keys), "read");
  std::string dashes;
  for (int i = 0; i < 50'000; ++i) {
    dashes += "- ";
  }
  EXPECT_NE(refusal(dashes), "read");
}

TEST(Document, ValuesEndAtTheirCapWithAliasesExpanded) {
  const auto rows = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
      text += "- x\n";
    }
    return text;
  };
  EXPECT_EQ(refusal(rows(kMaxNodes - 1)), "read");
  EXPECT_EQ(refusal(rows(kMaxNodes)),
            "f.yml:500000:3: the file has more than 500000 values, aliases expanded, split it into "
            "several files");
  // Each level holds ten of the one before: 10^7 values from less than 400 bytes.
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 7; ++i) {
    bomb += fmt::format(
        "a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, "
        "*a{1}, *a{1}]\n",
        i, i - 1);
  }
  EXPECT_EQ(refusal(bomb).substr(0, 8), "f.yml:6:");
}

TEST(Document, FlowCollectionsEndBeforeTheyFillTheMemory) {
  const std::string message =
      "f.yml:1:500001: the file has more than 500000 brackets and commas, split it into several "
      "files";
  for (const char c : {'[', '{', ','}) {
    EXPECT_EQ(refusal(std::string(kMaxFileSize, c)), message) << c;
  }
}

TEST(Document, AFileAboveTheSizeCapIsNotParsed) {
  EXPECT_EQ(refusal(std::string(kMaxFileSize + 1, '#')),
            "f.yml: is larger than 16777216 bytes, split it into several files");
}

TEST(Document, ControlCharactersAndOtherEncodingsHaveTheirPlace) {
  EXPECT_EQ(refusal("a: 1\nb: \x04\n"),
            "f.yml:2:4: the control character 0x04 is not allowed, remove it or save the file as "
            "UTF-8");
  EXPECT_EQ(refusal(std::string_view("a\0b", 3)).substr(0, 9), "f.yml:1:2");
  EXPECT_EQ(refusal("a: \xC3\n"), "f.yml:1:4: the byte 0xc3 is not UTF-8, save the file as UTF-8");
  EXPECT_EQ(refusal("\xFF\xFE"
                    "a"),
            "f.yml:1:1: the byte 0xff is not UTF-8, save the file as UTF-8");
  EXPECT_EQ(refusal("a: \xEF\xBF\xBD\n"), "read") << "U+FFFD itself is a character";
}

TEST(Document, YamlErrorsComeWithTheirPlace) {
  for (const std::string_view text :
       {"a: [", "a: {", "a: 'x", "a: \"\\q\"", "a: b: c", "%YAML 9.9\n---\na: 1\n", "a: *nobody",
        "&a &b c: 1", "- a\nb: 1", "!<x", "a: |x\n", "]"}) {
    const std::string message = refusal(text);
    EXPECT_TRUE(message.starts_with("f.yml:1:") || message.starts_with("f.yml:2:"))
        << text << " gives " << message;
  }
}

}  // namespace
}  // namespace sfb::config
