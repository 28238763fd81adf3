#include "agent/serve/page_template.hpp"

#include <gmock/gmock.h>

namespace sfb::serve {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

TEST(PageTemplate, MissingKeysAreTold) {
  const RenderedPage page = render_template("notice", Fields().add("headline", "x").done());
  EXPECT_THAT(page.html, HasSubstr("<h1>x</h1>"));
  EXPECT_THAT(page.missing, Contains("notice"));
  EXPECT_THAT(page.missing, Contains("title")) << "of the file that it takes in";
}

TEST(PageTemplate, ValuesAreEscaped) {
  const RenderedPage page =
      render_template("notice", Fields().add("headline", "<b a='\"'>&\x1b\xff").done());
  EXPECT_THAT(page.html, HasSubstr("&lt;b a=&#39;&quot;&#39;&gt;&amp;^[\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace sfb::serve
