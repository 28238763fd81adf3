#include "agent/xml/writer.hpp"

#include "agent/xml/reader.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sfb::xml {
namespace {

TEST(XmlWriter, EscapesText) {
  std::string out = "<";
  append_text(out, "a<b>&'\"\t\n\r");
  EXPECT_EQ(out, "<a&lt;b&gt;&amp;'\"\t\n&#xD;");
}

TEST(XmlWriter, EscapesAttributes) {
  std::string out;
  append_attribute(out, "a<b>&'\"\t\n\r");
  EXPECT_EQ(out, "a&lt;b&gt;&amp;'&quot;&#x9;&#xA;&#xD;");
}

TEST(XmlWriter, WhatIsWrittenIsReadBack) {
  const std::string text = "a<b>&'\"\t\n\r\r\n]]> \xC3\xA9";
  std::string out = "<a b=\"";
  append_attribute(out, text);
  out += "\">";
  append_text(out, text);
  out += "</a>";
  const auto element = read(out, {});
  ASSERT_TRUE(element.has_value()) << describe(element.error());
  EXPECT_EQ(*element->attribute("b"), text);
  EXPECT_EQ(element->text, text);
}

}  // namespace
}  // namespace sfb::xml
