#include "agent/base/error.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb {
namespace {

TEST(Reasons, AreTheClosedLabelInItsOrder) {
  const std::vector<std::string_view> expected = {
      "dns",      "connect", "tls",       "auth",  "forbidden", "throttled", "timeout",
      "protocol", "parse",   "not_found", "stale", "cmdlet",    "process",   "internal"};
  std::vector<std::string_view> actual;
  for (const Reason reason : kReasons) {
    actual.push_back(to_string(reason));
  }
  EXPECT_EQ(actual, expected);
}

TEST(Stages, HaveTheirNames) {
  const std::vector<std::pair<Stage, std::string_view>> expected = {
      {Stage::none, ""},           {Stage::queue, "queue"}, {Stage::resolve, "resolve"},
      {Stage::connect, "connect"}, {Stage::tls, "tls"},     {Stage::auth, "auth"},
      {Stage::open, "open"},       {Stage::query, "query"}, {Stage::parse, "parse"}};
  for (const auto& [stage, name] : expected) {
    EXPECT_EQ(to_string(stage), name);
  }
}

TEST(Describe, ShowsPeerQuotedAndRemedyInBrackets) {
  Error error{.reason = Reason::parse,
              .code = "a.b",
              .message = "the file is broken",
              .remedy = {},
              .peer = {}};
  EXPECT_EQ(describe(error), "the file is broken");
  error.remedy = "write it anew";
  EXPECT_EQ(describe(error), "the file is broken (write it anew)");
  error.peer = "say \"hi\"\n\x1b[31m";
  EXPECT_EQ(describe(error), "the file is broken: \"say \\\"hi\\\"\\n\\x1b[31m\" (write it anew)");
  error.remedy.clear();
  error.peer = std::string(1000, 'x');
  EXPECT_EQ(describe(error), "the file is broken: \"" + std::string(300, 'x') + "...\"");
}

TEST(Fail, MakesAnErrorOfItsArguments) {
  const Status status = fail(Reason::tls, "tls.expired", "message", "remedy", "peer");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().reason, Reason::tls);
  EXPECT_EQ(status.error().code, "tls.expired");
  EXPECT_EQ(status.error().message, "message");
  EXPECT_EQ(status.error().remedy, "remedy");
  EXPECT_EQ(status.error().peer, "peer");
  EXPECT_EQ(status.error().stage, Stage::none);
}

}  // namespace
}  // namespace sfb
