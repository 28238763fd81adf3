// Transport `push`: who may push, and tokens that do nothing else.
#include "config/loader.hpp"
#include "tests/unit/config/memory_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sfb::config {
namespace {

std::expected<Loaded, std::vector<Problem>> load_push(std::string_view from,
                                                      std::string_view authorization = "") {
  return load(std::vector<std::string>{"a.yml"}, {.transports = transport_names()},
              MemoryFiles({{"a.yml", fmt::format("endpoints: {{e: {{transport: push, from: {}}}}}\n"
                                                 "pools: [{{fqdn: a, endpoint: e, paired_pool: b, "
                                                 "site: S}}]\n{}",
                                                 from, authorization)},
                           {"t", "0123456789abcdef"}}));
}

std::string said(const std::expected<Loaded, std::vector<Problem>>& loaded) {
  std::string out;
  for (const Problem& problem : loaded ? std::vector<Problem>() : loaded.error()) {
    out += fmt::format("{}: {}\n", problem.key, problem.what);
  }
  return out;
}

TEST(EndpointsPush, AllWhoMayPushAreReadAndWrittenBack) {
  const auto loaded = load_push(
      "{tokens: [t1], users: [alice], certificates: [fe.x], "
      "principals: ['FE$@X.COM', S-1-5-21-1-2-3-1105]}",
      "authorization: {tokens: [{name: t1, token_file: t}]}\n");
  ASSERT_TRUE(loaded) << said(loaded);
  const auto& push = std::get<Push>(loaded->settings.endpoints.front().transport);
  EXPECT_EQ(push.max_age, std::chrono::minutes(10));
  EXPECT_EQ(push.from, (Pushers{.tokens = {"t1"},
                                .users = {"alice"},
                                .certificates = {"fe.x"},
                                .principals = {"FE$@X.COM", "S-1-5-21-1-2-3-1105"}}));
  EXPECT_TRUE(loaded->settings.authorization.tokens.front().groups.empty());
  const auto again = load(std::vector<std::string>{"b.yml"}, {.transports = transport_names()},
                          MemoryFiles({{"b.yml", to_yaml(loaded->settings)},
                                       {"/t", "0123456789abcdef"},
                                       {"t", "0123456789abcdef"}}));
  ASSERT_TRUE(again) << said(again);
  EXPECT_EQ(again->settings, loaded->settings);
}

TEST(EndpointsPush, ATokenMustBeThere) {
  const std::string tokens = "authorization: {tokens: [{name: t1, token_file: t}]}\n";
  EXPECT_EQ(said(load_push("{tokens: [t1]}", tokens)), "");
  EXPECT_EQ(said(load_push("{tokens: [t2]}", tokens)),
            "endpoints.e.from.tokens: there is no token \"t2\"\n");
}

TEST(EndpointsPush, WhatMayBeASecretIsNotRepeated) {
  const auto loaded = load_push("{tokens: [hunter2hunter2hunter2]}");
  ASSERT_FALSE(loaded);
  for (const Problem& problem : loaded.error()) {
    EXPECT_EQ(to_string(problem).find("hunter2"), std::string::npos) << to_string(problem);
  }
}

}  // namespace
}  // namespace sfb::config
