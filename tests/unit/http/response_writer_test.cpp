#include "agent/http/response_writer.hpp"

#include <gtest/gtest.h>

namespace sfb::http {
namespace {

constexpr std::string_view kDate = "Mon, 23 Nov 2026 18:47:03 GMT";

TEST(ResponseHead, AddsWhatEveryAnswerHas) {
  EXPECT_EQ(response_head(text_response(200, "hello"), {}, kDate),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Date: Mon, 23 Nov 2026 18:47:03 GMT\r\nX-Content-Type-Options: nosniff\r\n"
            "Content-Length: 6\r\n\r\n");
}

TEST(ResponseHead, TellsWhatBecomesOfTheConnection) {
  const Response response;
  const auto head = [&](bool keep_alive, bool http11) {
    return response_head(response, {.keep_alive = keep_alive, .http11 = http11}, kDate);
  };
  EXPECT_EQ(head(true, true).find("Connection"), std::string::npos);
  EXPECT_NE(head(true, false).find("Connection: keep-alive\r\n"), std::string::npos);
  EXPECT_NE(head(false, true).find("Connection: close\r\n"), std::string::npos);
  EXPECT_NE(head(false, false).find("Connection: close\r\n"), std::string::npos);
}

TEST(ResponseHead, FramingIsTheServersAffair) {
  Response response = text_response(200, "x");
  response.headers.push_back({"content-length", "999"});
  response.headers.push_back({"Transfer-Encoding", "chunked"});
  response.headers.push_back({"CONNECTION", "upgrade"});
  const std::string head = response_head(response, {}, kDate);
  EXPECT_EQ(head.find("999"), std::string::npos) << head;
  EXPECT_EQ(head.find("chunked"), std::string::npos) << head;
  EXPECT_EQ(head.find("upgrade"), std::string::npos) << head;
  EXPECT_NE(head.find("Content-Length: 2\r\n"), std::string::npos) << head;
}

TEST(ResponseHead, AValueCannotStartALine) {
  Response response;
  response.headers.push_back({"X-Reason", std::string("a\r\nSet-Cookie: b\0c\x7f", 19)});
  const std::string head = response_head(response, {}, kDate);
  EXPECT_NE(head.find("X-Reason: a  Set-Cookie: b c \r\n"), std::string::npos) << head;
}

TEST(ResponseHead, SomeStatusesHaveNoBody) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    EXPECT_EQ(response_head(response, {}, kDate).find("Content-Length"), std::string::npos)
        << status;
    EXPECT_FALSE(has_body(status));
  }
  EXPECT_NE(response_head(Response{}, {}, kDate).find("Content-Length: 0\r\n"), std::string::npos);
}

TEST(HttpDate, IsImfFixdate) {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace sfb::http
