#include "agent/xml/reader.hpp"

#include "agent/xml/stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::xml {
namespace {

using testing::HasSubstr;

Element good(std::string_view text) {
  auto element = read(text, {});
  EXPECT_TRUE(element.has_value()) << text << ": " << describe(element.error());
  return element ? std::move(*element) : Element{};
}

std::string code_of(std::string_view text, const ReaderLimits& limits = {}) {
  const auto element = read(text, limits);
  return element ? "read" : element.error().code;
}

TEST(XmlReader, NamespacesAreResolved) {
  const Element root = good(
      "<s:a xmlns:s='urn:s' xmlns='urn:d' s:x='1' x='2' xml:lang='en'><b/><s:b/><c "
      "xmlns=''><d/></c><e xmlns:s='urn:t' s:y='3'><s:f/></e><s:g/></s:a>");
  EXPECT_EQ(root.space, "urn:s");
  EXPECT_EQ(root.name, "a");
  ASSERT_EQ(root.attributes.size(), 3U);
  EXPECT_EQ(root.attributes[0].space, "urn:s");
  EXPECT_EQ(root.attributes[0].value, "1");
  EXPECT_EQ(root.attributes[2].space, kXmlSpace);
  ASSERT_NE(root.attribute("x"), nullptr);
  EXPECT_EQ(*root.attribute("x"), "2") << "an attribute without prefix is in no namespace";
  EXPECT_EQ(root.attribute("y"), nullptr);
  ASSERT_NE(root.child("urn:d", "b"), nullptr);
  ASSERT_NE(root.child("urn:s", "b"), nullptr);
  EXPECT_EQ(root.child("", "b"), nullptr);
  ASSERT_NE(root.child("", "c"), nullptr);
  EXPECT_NE(root.child("", "c")->child("", "d"), nullptr);
  const Element* inner = root.child("urn:d", "e");
  ASSERT_NE(inner, nullptr);
  EXPECT_NE(inner->child("urn:t", "f"), nullptr) << "the inner declaration wins";
  EXPECT_EQ(inner->attributes.at(0).space, "urn:t");
  EXPECT_NE(root.child("urn:s", "g"), nullptr) << "and ends with its element";
}

TEST(XmlReader, TextIsJoined) {
  const Element root = good("<a> x &lt;&#233;&gt;<b>no</b><![CDATA[<y>]]><!-- z --><?p i?>\n</a>");
  EXPECT_EQ(root.text, " x <\xC3\xA9><y>\n");
  EXPECT_EQ(root.children.at(0).text, "no");
}

TEST(XmlReader, ADeclarationDoesNotDecideTheEncoding) {
  EXPECT_EQ(good("<?xml version='1.0' encoding='utf-16'?><a>\xC3\xA9</a>").text, "\xC3\xA9");
  EXPECT_EQ(good("<?xml version='1.0' encoding='latin1'?><a>\xC3\xA9</a>").text, "\xC3\xA9");
}

TEST(XmlReader, WhatIsNotWellFormedIsRefusedWithItsPlace) {
  for (const char* text : {"",
                           "text",
                           "<a>",
                           "<a></b>",
                           "<a b='1' b='2'/>",
                           "<a b=1/>",
                           "<a>&b;</a>",
                           "<a>\x01</a>",
                           "<a>\xFF</a>",
                           "<p:a/>",
                           "<a p:b=''/>",
                           "<a:b:c xmlns:a='u'/>",
                           "<:a/>",
                           "<p:1 xmlns:p='u'/>",
                           "<a xmlns:p='u' p:-='1'/>",
                           "<a xmlns:='u'/>",
                           "<a xmlns:p=''/>",
                           "<a xmlns:xmlns='u'/>",
                           "<a xmlns:xml='u'/>",
                           "<a xmlns='http://www.w3.org/XML/1998/namespace'/>"}) {
    EXPECT_EQ(code_of(text), "xml.syntax") << text;
  }
  for (const char* text : {"<a/><b/>", "<a></a>text", "<a/><a", "<a/>&b;"}) {
    EXPECT_EQ(code_of(text), "xml.trailing") << text;
  }
  EXPECT_EQ(code_of("<a/>\n<!-- b --><?c d?> "), "read");
  EXPECT_EQ(code_of("<a p:b='' xmlns:p='u'/>"), "read") << "declared behind its use";
  EXPECT_EQ(code_of("<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>"), "read");
  const auto element = read("<a>\n  <b></c>\n</a>", {});
  ASSERT_FALSE(element.has_value());
  EXPECT_EQ(element.error().reason, Reason::parse);
  EXPECT_THAT(element.error().message, HasSubstr("mismatched tag"));
  EXPECT_THAT(element.error().message, HasSubstr("line 2, column 8"));
}

TEST(XmlReader, DocumentTypesAreRefused) {
  EXPECT_EQ(code_of("<!DOCTYPE a><a/>"), "xml.doctype");
  EXPECT_EQ(code_of("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "xml.doctype");
  EXPECT_EQ(code_of("<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), "xml.doctype");
}

std::string nested(std::size_t depth) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) {
    text += "<a>";
  }
  for (std::size_t i = 0; i < depth; ++i) {
    text += "</a>";
  }
  return text;
}

TEST(XmlReader, EverythingIsCapped) {
  EXPECT_EQ(code_of(nested(64)), "read");
  EXPECT_EQ(code_of(nested(65)), "xml.too_deep");
  EXPECT_EQ(code_of("<a>1234</a>", {.bytes = 11}), "read");
  EXPECT_EQ(code_of("<a>12345</a>", {.bytes = 11}), "xml.too_large");
  EXPECT_EQ(code_of("<a b=''><c/></a>", {.nodes = 3}), "read");
  EXPECT_EQ(code_of("<a b=''><c/><d/></a>", {.nodes = 3}), "xml.too_large");
  EXPECT_EQ(code_of("<a b='' c='' d=''/>", {.nodes = 3}), "xml.too_large");
  EXPECT_EQ(code_of(nested(500'000), {.depth = 1'000'000}), "xml.too_deep")
      << "no limit lets a tree grow past what can be destroyed";
}

// An element takes more than a hundred bytes, its tag four.
TEST(XmlReader, MemoryIsCapped) {
  std::string many = "<a>";
  for (int i = 0; i < 1000; ++i) {
    many += "<b/>";
  }
  many += "</a>";
  EXPECT_EQ(code_of(many, {.bytes = many.size(), .memory = 400'000}), "read");
  EXPECT_EQ(code_of(many, {.bytes = many.size(), .memory = 100'000}), "xml.too_large");
  EXPECT_EQ(code_of(many, {.bytes = many.size()}), "xml.too_large") << "64 KiB for so little text";
  const std::string space(500, 'u');
  std::string prefixed;
  for (int i = 0; i < 1000; ++i) {
    prefixed += "<p:b p:c=''/>";
  }
  EXPECT_EQ(code_of("<a xmlns:p='" + space + "'>" + prefixed + "</a>",
                    {.bytes = 1'000'000, .memory = 1'000'000}),
            "xml.too_large")
      << "the namespace is kept with every element and attribute";
}

TEST(XmlReader, NamespacesCannotMultiply) {
  EXPECT_EQ(code_of("<a xmlns='" + std::string(512, 'u') + "'/>"), "read");
  EXPECT_EQ(code_of("<a xmlns='" + std::string(513, 'u') + "'/>"), "xml.too_large");
  std::string text = "<a";
  for (int i = 0; i < 65; ++i) {
    text += " xmlns:p" + std::to_string(i) + "='u'";
  }
  EXPECT_EQ(code_of(text + "/>"), "xml.too_large");
}

std::string tag_with(int attributes) {
  std::string text = "<a";
  for (int i = 0; i < attributes; ++i) {
    text += " b" + std::to_string(i) + "=''";
  }
  return text + "/>";
}

TEST(XmlReader, ATagHasFewAttributes) {
  EXPECT_EQ(code_of(tag_with(1024)), "read");
  EXPECT_EQ(code_of(tag_with(1025)), "xml.syntax") << "no size is to be raised for that";
}

// Expat takes more than a hundred bytes for each before it tells of the first.
TEST(XmlReader, AttributesThatAreNotReadYetTakeLittleMemory) {
  const std::string text = tag_with(300'000);
  const auto element = read(text, {.bytes = text.size(), .nodes = 1'000'000});
  ASSERT_FALSE(element.has_value());
  EXPECT_EQ(element.error().code, "xml.syntax");
  EXPECT_THAT(element.error().message, HasSubstr("too many attributes: it takes more than"));
}

TEST(XmlReader, NamesAndTextsAsLongAsTheDocumentAreRead) {
  const std::string text(4UL << 20U, 'x');
  for (const std::string& each : {"<a>" + text + "</a>", "<a b='" + text + "'/>", "<" + text + "/>",
                                  "<a " + text + "=''/>", "<a><!--" + text + "--></a>",
                                  "<a><?b " + text + "?></a>", "<a><![CDATA[" + text + "]]></a>"}) {
    EXPECT_EQ(code_of(each, {.bytes = each.size()}), "read") << each.substr(0, 10);
  }
}

// Refuses what it is told to, and counts what still comes.
class Refusing final : public Handler {
 public:
  explicit Refusing(std::string_view what) : what_(what) {}
  Status start(std::string_view, std::string_view, std::span<const AttributeView>) override {
    return answer("start");
  }
  Status text(std::string_view) override { return answer("text"); }
  Status end(bool empty_tag) override {
    empty_tags_ += empty_tag ? 1 : 0;
    return answer("end");
  }
  int calls_after_refusal() const { return after_; }
  int empty_tags() const { return empty_tags_; }

 private:
  Status answer(std::string_view event) {
    after_ += refused_ ? 1 : 0;
    if (event != what_) {
      return {};
    }
    refused_ = true;
    return fail(Reason::parse, "test.refused", "refused");
  }

  std::string_view what_;
  bool refused_ = false;
  int after_ = 0;
  int empty_tags_ = 0;
};

TEST(XmlStream, AHandlersRefusalEndsTheParse) {
  for (const char* event : {"start", "text", "end"}) {
    Refusing handler(event);
    const auto status = parse("<a>x<b>y</b>\n<c/></a>", {}, handler);
    ASSERT_FALSE(status.has_value()) << event;
    EXPECT_EQ(status.error().code, "test.refused") << event;
    EXPECT_THAT(status.error().message, HasSubstr("refused (line 1, column ")) << event;
    EXPECT_EQ(handler.calls_after_refusal(), 0) << event;
  }
  Refusing short_tag("start");
  EXPECT_FALSE(parse("<a/>", {}, short_tag).has_value());
  EXPECT_EQ(short_tag.calls_after_refusal(), 0) << "the end of a refused <a/> is not reported";
}

TEST(XmlStream, EmptyTagsAreToldFromEmptyElements) {
  Refusing handler("nothing");
  EXPECT_TRUE(parse("<a><b/><c></c><d /></a>", {}, handler).has_value());
  EXPECT_EQ(handler.empty_tags(), 2);
}

}  // namespace
}  // namespace sfb::xml
