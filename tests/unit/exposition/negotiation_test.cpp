#include "agent/exposition/negotiation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sfb::exposition {
namespace {

constexpr std::string_view kText = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kOpen = "application/openmetrics-text; version=1.0.0; charset=utf-8";

struct FormatCase {
  std::string_view accept;
  std::string_view content_type;
  std::string_view escaping = {};
};

TEST(NegotiateFormat, Table) {
  const std::vector<FormatCase> cases = {
      // Prometheus 3.
      {"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/"
       "openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
       "text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
       kOpen, "allow-utf-8"},
      // Prometheus 3 with the legacy name validation.
      {"application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,*/*;q=0.1", kOpen,
       "underscores"},
      // Prometheus 3 with scrape_protocols: [PrometheusText1.0.0, PrometheusText0.0.4].
      {"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;"
       "q=0.1",
       kText},
      // Prometheus 3 with native histograms: protobuf first.
      {"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;"
       "q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;"
       "version=0.0.4;q=0.2,*/*;q=0.1",
       kOpen, "allow-utf-8"},
      // Prometheus 2.42.
      {"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0."
       "75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
       kOpen},
      // Prometheus 2 before OpenMetrics, VictoriaMetrics' agent.
      {"text/plain;version=0.0.4;q=1,*/*;q=0.1", kText},
      // Nobody in particular.
      {"", kText},
      {"   ", kText},
      {"*/*", kText},
      {"*/*;q=0", kText},
      {"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", kText},
      {"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", kText},
      {"application/json", kText},
      {"text/*", kText},
      {"application/*", kOpen},
      {"application/*;q=0.2, text/plain;q=0.3", kText},
      // Versions are exact; without one any is meant.
      {"application/openmetrics-text", kOpen},
      {"application/openmetrics-text;version=0.0.1", kText},
      {"application/openmetrics-text;version=2.0.0", kText},
      {"application/openmetrics-text;version=1.0", kText},
      {"application/openmetrics-text;version=0.0.1;q=0, application/openmetrics-text", kOpen},
      {"text/plain;version=1.0.0, application/openmetrics-text;q=0.1", kOpen},
      {"text/plain, application/openmetrics-text;q=0.9", kText},
      // Ties by our order, whatever comes first.
      {"text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0", kOpen},
      {"application/openmetrics-text;q=0.1, */*;q=0.1", kOpen},
      {"application/openmetrics-text;q=0.1, */*;q=0.2", kText},
      // The closest name decides, however low its weight.
      {"application/openmetrics-text;version=1.0.0;q=0.3, application/*;q=0.9, text/plain;q=0.5",
       kText},
      {"application/openmetrics-text;q=0.9, application/openmetrics-text;version=1.0.0;q=0.2, "
       "text/plain;q=0.5",
       kText},
      {"application/openmetrics-text;q=0", kText},
      {"text/plain;q=0, */*", kOpen},
      {"text/plain;q=0, application/openmetrics-text;q=0, */*", kText},
      // Case, blanks, quotes.
      {"APPLICATION/OpenMetrics-Text ; VERSION = \"1.0.0\" ; Q=0.7 , text/plain ; q=0.6", kOpen},
      {"text/plain;x=\"a,b;q=0\\\",c\";q=0.5,application/openmetrics-text;q=0.4", kText},
      {"text/plain;x=\"application/openmetrics-text, y\"", kText},
      {"text/plain;x=\"\\\"\";q=0.5,application/openmetrics-text;q=0.6", kOpen},
      {",,;;, ,application/openmetrics-text,;,", kOpen},
      // Broken entries are passed over.
      {"application/openmetrics-text;q=x", kText},
      {"application/openmetrics-text;q=1.1", kText},
      {"application/openmetrics-text;q=-1", kText},
      {"application/openmetrics-text;q=1e0", kText},
      {"application/openmetrics-text;q=", kText},
      {"application/openmetrics-text;q=.", kText},
      {"application/openmetrics-text;q=nan", kText},
      {"application/openmetrics-text;q=00.5", kText},
      {"application/openmetrics-text;q=0.5x", kText},
      {"application/openmetrics-text;x=\"never closed", kText},
      {"application/openmetrics-text;version=1.0.0;q=0.12345678901234567890", kOpen},
      {"application/openmetrics-text;q=1.", kOpen},
      {"application/openmetrics-text;q", kOpen},
      {"applicationopenmetrics-text", kText},
      {"/", kText},
      {"application/openmetrics-text/x", kText},
      // Escaping.
      {"application/openmetrics-text;escaping=values", kOpen, "values"},
      {"application/openmetrics-text;escaping=dots", kOpen, "underscores"},
      {"application/openmetrics-text;escaping=values, application/openmetrics-text", kOpen,
       "values"},
      {"application/openmetrics-text;escaping=\"allow-utf-8\"", kOpen, "allow-utf-8"},
      {"application/openmetrics-text;escaping=made-up", kOpen},
      {"application/openmetrics-text;escaping=x\r\nSet-Cookie:y", kOpen},
      {"text/plain;version=0.0.4;escaping=underscores", kText, "underscores"},
      {"text/plain;version=1.0.0;escaping=allow-utf-8", kText},
      {"application/openmetrics-text;version=0.0.1;escaping=values,text/plain;q=0.1", kText},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE("Accept: " + std::string(one.accept));
    const Negotiated got = negotiate_format(one.accept);
    std::string want(one.content_type);
    if (!one.escaping.empty()) {
      want.append("; escaping=").append(one.escaping);
    }
    EXPECT_EQ(got.content_type, want);
    EXPECT_EQ(got.format,
              one.content_type == kOpen ? Format::openmetrics_1_0_0 : Format::text_0_0_4);
  }
}

TEST(NegotiateFormat, LongJunkEndsInText) {
  for (const std::string_view piece :
       {",", ";", "\"", "\\", "a/b;", "*/*,", "q=0,", "\";\"", "=;"}) {
    std::string junk;
    while (junk.size() < 8192) {
      junk += piece;
    }
    EXPECT_EQ(negotiate_format(junk).content_type, kText) << piece;
  }
}

TEST(AcceptsGzip, Table) {
  const std::vector<std::pair<std::string_view, bool>> cases = {
      {"gzip", true},
      {"GZIP", true},
      {"x-gzip", true},
      {"", false},
      {"identity", false},
      {"deflate, br", false},
      {"gzip, deflate, br, zstd", true},
      {"gzip;q=0", false},
      {"gzip;q=0.000", false},
      {"gzip; q=0.001", true},
      {"*", true},
      {"*;q=0", false},
      {"*;q=0.5", true},
      {"gzip;q=0, *", false},
      {"*;q=0, gzip", true},
      {"identity, *;q=0.5", false},
      {"gzip;q=0.5, identity;q=0.8", false},
      {"gzip;q=0.8, identity;q=0.5", true},
      {"gzip, identity", true},
      {"gzip;q=0.5, identity;q=0", true},
      {"gzip;q=0.5, *;q=0.8", false},
      {"gzip;q=broken", false},
      {"gzip;q=2", false},
      {"gzipped", false},
      {"x=\"gzip\"", false},
      {"deflate;x=\"gzip, \", br", false},
      {" ,, gzip ,", true},
  };
  for (const auto& [header, want] : cases) {
    EXPECT_EQ(accepts_gzip(header), want) << "Accept-Encoding: " << header;
  }
}

TEST(MediaQuality, Table) {
  struct Case {
    std::string_view accept;
    double json;
    double text;
  };
  const std::vector<Case> cases = {
      {"", 1, 1},
      {"application/json", 1, 0},
      {"Application/JSON; charset=utf-8", 1, 0},
      {"application/json;q=0.25, text/plain;q=0.5", 0.25, 0.5},
      {"*/*", 1, 1},
      {"*/*;q=0.1, application/*;q=0.2, application/json;q=0.05", 0.05, 0.1},
      {"text/*;q=0.3", 0, 0.3},
      {"*/*, application/json;q=0", 0, 1},
      {"application/json;q=0.2, application/json;q=0.4", 0.4, 0},
      {"application/json;q=oops, */*;q=0.5", 0.5, 0.5},
      {"application/jsonx, text/plainer", 0, 0},
      {";;;", 0, 0},
  };
  for (const auto& one : cases) {
    EXPECT_DOUBLE_EQ(media_quality(one.accept, "application", "json"), one.json) << one.accept;
    EXPECT_DOUBLE_EQ(media_quality(one.accept, "text", "plain"), one.text) << one.accept;
  }
}

}  // namespace
}  // namespace sfb::exposition
