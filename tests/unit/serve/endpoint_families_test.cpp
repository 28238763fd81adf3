#include "agent/serve/endpoint_families.hpp"

#include <gtest/gtest.h>

namespace sfb::serve {
namespace {

std::string page(const std::vector<status::EndpointSnapshot>& endpoints) {
  exposition::Writer writer(exposition::Format::text_0_0_4);
  write_endpoint_families(writer, endpoints);
  return writer.finish();
}

TEST(EndpointFamilies, WhatIsNotKnownHasNoSeries) {
  EXPECT_EQ(page({}), "");
  EXPECT_EQ(page({{"drop", {}}}), "");
}

TEST(EndpointFamilies, EachFactIsASeriesOfItsEndpoint) {
  const auto at = [](int seconds) { return WallTime(std::chrono::seconds(seconds)); };
  const std::string text = page(
      {{"atlanta", {.certificate_ends = at(1'900'000'000), .ticket_ends = {}, .ntlm_logons = 0}},
       {"chicago", {.certificate_ends = {}, .ticket_ends = at(1'800'000'000), .ntlm_logons = {}}}});
  EXPECT_NE(text.find("sfb_backup_endpoint_certificate_expiry_timestamp_seconds"
                      "{endpoint=\"atlanta\"} 1900000000\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("sfb_backup_endpoint_ticket_expiry_timestamp_seconds"
                      "{endpoint=\"chicago\"} 1800000000\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("sfb_backup_endpoint_ntlm_logons_total{endpoint=\"atlanta\"} 0\n"),
            std::string::npos)
      << "an endpoint that may use NTLM has used none: 0 is known";
  EXPECT_EQ(text.find("ntlm_logons_total{endpoint=\"chicago\"}"), std::string::npos);
}

TEST(EndpointFamilies, TheFrontEndThatAnswersIsASeries) {
  const auto at = [](std::string url) {
    EndpointFacts facts;
    facts.front_end = std::move(url);
    return facts;
  };
  const std::string text =
      page({{"atlanta", at("https://atl-fe-002:5986/wsman")}, {"chicago", {}}, {"drop", {}}});
  EXPECT_NE(text.find("# TYPE sfb_backup_endpoint_front_end gauge\n"), std::string::npos) << text;
  EXPECT_NE(text.find("sfb_backup_endpoint_front_end{endpoint=\"atlanta\","
                      "url=\"https://atl-fe-002:5986/wsman\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("chicago"), std::string::npos) << "nobody answers there";
}

}  // namespace
}  // namespace sfb::serve
