#include "agent/access/basic_header.hpp"

#include "agent/base/base64.hpp"

#include <gtest/gtest.h>

namespace sfb::access {
namespace {

std::optional<Credentials> basic(const std::string& text) {
  return read_basic("Basic " + base64_encode(text));
}

TEST(BasicHeader, UserAndPasswordAreTakenApartAtTheFirstColon) {
  const auto found = basic("prom:pass:word");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user, "prom");
  EXPECT_EQ(found->password.reveal(), "pass:word");
  EXPECT_EQ(basic(":")->user, "");
  EXPECT_EQ(basic(":")->password.reveal(), "");
  EXPECT_EQ(basic(std::string("a:b\0c", 5))->password.reveal(), std::string_view("b\0c", 3));
  EXPECT_EQ(basic("j\xC3\xB6rg:\xE2\x82\xAC")->password.reveal(), "\xE2\x82\xAC");
}

TEST(BasicHeader, TheSchemeHasAnyCase) {
  EXPECT_TRUE(read_basic("bAsIc " + base64_encode("a:b")));
  EXPECT_TRUE(read_basic("Basic   " + base64_encode("a:b") + " "));
}

TEST(BasicHeader, NothingElseIsRead) {
  for (const std::string& text :
       {std::string(), std::string("Basic"), std::string("Basic "), std::string("Basic a:b"),
        "Basic " + base64_encode("no colon"), "Bearer " + base64_encode("a:b"),
        "Basic" + base64_encode("a:b"), "Basic " + base64_encode("a:b") + "=",
        "Negotiate " + base64_encode("a:b")}) {
    EXPECT_FALSE(read_basic(text)) << text;
  }
}

}  // namespace
}  // namespace sfb::access
