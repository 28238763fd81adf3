#include "agent/base/redactor.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sfb {
namespace {

TEST(Redactor, WithoutSecretsTextsStayAsTheyAre) {
  EXPECT_EQ(Redactor()("anything"), "anything");
  EXPECT_EQ(Redactor()(""), "");
}

TEST(Redactor, HidesEveryOccurrence) {
  Redactor redact;
  redact.hide("hunter22");
  EXPECT_EQ(redact("hunter22 and hunter22hunter22, hunter2"), "*** and ******, hunter2");
}

TEST(Redactor, TheLongestOfSeveralGoes) {
  Redactor redact;
  redact.hide("hunter22");
  redact.hide("svc:hunter22");
  EXPECT_EQ(redact("svc:hunter22!"), "***!");
}

TEST(Redactor, ABeginningThatTellsMoreThanTheUserIsHidden) {
  Redactor redact;
  redact.hide("svc:hunter22", 4);
  EXPECT_EQ(redact("svc:"), "svc:");
  EXPECT_EQ(redact("svc:h"), "***");
  EXPECT_EQ(redact("svc:hunt..."), "***...");
  EXPECT_EQ(redact("svc:x"), "svc:x");
}

TEST(Redactor, KnowsThemInXmlAndHtmlToo) {
  Redactor redact;
  redact.hide("P&ss<w\"rd>'1\xC3\xA4");
  for (const std::string_view text :
       {"P&ss<w\"rd>'1\xC3\xA4", "P&amp;ss&lt;w&quot;rd&gt;&apos;1\xC3\xA4",
        "P&amp;ss&lt;w\"rd&gt;&#39;1&#228;", "P&#38;ss&#x3C;w&#x22;rd&#62;&#X27;1&#xe4;"}) {
    EXPECT_EQ(redact(text), "***") << text;
  }
  EXPECT_EQ(redact("P&amp;ss&lt;"), "P&amp;ss&lt;");
  EXPECT_EQ(redact("&amp &; &#; &#x; &#99999999; &unknown; &"),
            "&amp &; &#; &#x; &#99999999; &unknown; &");
}

TEST(Redactor, ASecretMayItselfLookLikeXml) {
  Redactor redact;
  redact.hide("pa&amp;ss&#38;&lt;word");
  EXPECT_EQ(redact("x pa&amp;ss&#38;&lt;word y"), "x *** y");
  EXPECT_EQ(redact("x pa&amp;amp;ss&amp;#38;&amp;lt;word y"), "x *** y");
  EXPECT_EQ(redact("x pa&amp;s"), "x pa&amp;s");
  Redactor other;
  other.hide("tom&jerry12");
  EXPECT_EQ(other("tom&#000000038;jerry12 tom&AMP;jerry12"), "*** ***");
}

TEST(Redactor, ManyAmpersandsCostLittle) {
  Redactor redact;
  std::string secret;
  std::string text;
  for (int i = 0; i < 800; ++i) {
    secret += "&amp;";
    text += i % 2 == 0 ? "&amp;" : "&amp;amp;";
  }
  redact.hide(secret + "!");
  redact.hide(std::string(4000, '&'));
  EXPECT_EQ(redact(text), text);
  EXPECT_EQ(redact(text + "!"), "***");
}

TEST(Redactor, ShortOnesAreNotLookedFor) {
  Redactor redact;
  redact.hide("state");
  EXPECT_EQ(redact("FinalState state"), "FinalState state");
}

TEST(Redactor, KnowsTheLastOnes) {
  Redactor redact;
  for (std::size_t i = 0; i <= Redactor::kMost; ++i) {
    redact.hide(fmt::format("secret-{:03}", i));
    redact.hide(fmt::format("secret-{:03}", i));
  }
  EXPECT_EQ(redact("secret-000"), "secret-000") << "forgotten";
  EXPECT_EQ(redact("secret-001"), "***");
  EXPECT_EQ(redact(fmt::format("secret-{:03}", Redactor::kMost)), "***");
}

}  // namespace
}  // namespace sfb
