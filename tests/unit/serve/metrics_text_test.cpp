// The page part by part is the page that is rendered whole.
#include "agent/serve/metrics_text.hpp"

#include "agent/serve/metrics_page.hpp"
#include "tests/unit/serve/api_snapshots.hpp"
#include "tests/unit/serve/snapshots.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace sfb::serve {
namespace {

using exposition::Format;

constexpr std::size_t kPart = 64UL << 10U;

std::string all_of(MetricsText& text) {
  std::string all;
  for (std::string_view part = text.next()[0]; !part.empty(); part = text.next()[0]) {
    EXPECT_LT(part.size(), 2 * kPart);
    all += part;
  }
  return all;
}

void expect_whole(status::Snapshot snapshot, std::string rest = "the rest\n") {
  const auto shared = std::make_shared<const status::Snapshot>(std::move(snapshot));
  for (const Format format : {Format::text_0_0_4, Format::openmetrics_1_0_0}) {
    const auto self = testing::some_self_metrics();
    const std::string page = render_metrics_page(*shared, *self, format);
    exposition::Writer behind(format);
    write_rest(behind, *shared, *self);
    const std::string first_line(behind.written().substr(0, behind.written().find('\n') + 1));
    const std::size_t pools = page.find(first_line);
    ASSERT_NE(pools, std::string::npos);
    MetricsText text(std::make_shared<const PageText>(PageText{rest, pools + rest.size(), shared}),
                     shared, format);
    EXPECT_EQ(text.size(), pools + rest.size());
    EXPECT_GE(text.held(), rest.size());
    EXPECT_TRUE(all_of(text) == page.substr(0, pools) + rest);
    EXPECT_TRUE(text.next()[0].empty());
  }
}

TEST(MetricsText, AllPartsAreThePage) {
  expect_whole({});
  expect_whole(testing::six_pools());
  expect_whole(testing::varied_pools(1000));
  expect_whole(testing::api_pools());  // with collectors beside the pools' status
}

TEST(MetricsText, TheRestMayHaveManyParts) {
  expect_whole(testing::six_pools(), "");
  expect_whole(testing::six_pools(), std::string(kPart, 'x'));
  expect_whole(testing::six_pools(), std::string(5 * kPart + 3, 'x'));
}

// Where a part ends just behind a family's metadata, these stand there once.
TEST(MetricsText, APartMayEndAnywhere) {
  for (std::size_t pools = 60; pools < 140; ++pools) {
    expect_whole(testing::many_pools(pools));
  }
}

}  // namespace
}  // namespace sfb::serve
