#include "agent/http/types.hpp"

#include <gtest/gtest.h>

namespace sfb::http {
namespace {

TEST(Request, FindsTheFirstHeaderInAnyCase) {
  Request request;
  request.headers = {{"host", "a"}, {"X-Y", "1"}, {"x-y", "2"}};
  ASSERT_NE(request.header("Host"), nullptr);
  EXPECT_EQ(*request.header("Host"), "a");
  EXPECT_EQ(*request.header("X-y"), "1");
  EXPECT_TRUE(request.has("HOST"));
  EXPECT_FALSE(request.has("X"));
}

TEST(TextResponse, EndsWithOneLineEnd) {
  const Response response = text_response(404, "no such page");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(*response.body, "no such page\n");
  EXPECT_EQ(*response.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(*text_response(200, "a\n").body, "a\n");
}

TEST(StatusText, KnowsWhatThisServerSends) {
  for (const int status :
       {200, 204, 400, 401, 403, 404, 405, 408, 413, 417, 431, 500, 501, 502, 503, 504}) {
    EXPECT_NE(status_text(status), "Unknown") << status;
  }
  EXPECT_EQ(status_text(599), "Unknown");
}

}  // namespace
}  // namespace sfb::http
