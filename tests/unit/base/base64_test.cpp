#include "agent/base/base64.hpp"

#include <gtest/gtest.h>

namespace sfb {
namespace {

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64_encode(plain), coded);
    EXPECT_EQ(base64_decode(coded), plain);
  }
}

TEST(Base64, EveryByteAndEveryLengthComesBack) {
  std::string bytes;
  for (int i = 0; i < 600; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 7);
  }
}

TEST(Base64, WhiteSpaceMayStandAnywhere) {
  EXPECT_EQ(base64_decode(" Zm9v\r\n\tYm Fy \n"), "foobar");
  EXPECT_EQ(base64_decode("Zg =\n= "), "f");
}

TEST(Base64, RefusesWhatIsNoBase64) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "=", "====", "Zm9vZg==Zm9v", "Zm9-", "Zm9_", "Zm\0v",
        "Z=g=", "Zm8=Zm8="}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace sfb
