#include "agent/exposition/exposition.hpp"

#include "tests/exposition/synthetic_page.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

namespace sfb::exposition {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string number(double value) {
  std::string out;
  append_number(out, value);
  return out;
}

std::string bound(double value) {
  std::string out;
  append_bound(out, value);
  return out;
}

/// The lines of a page that are samples.
std::vector<std::string> samples(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with('#')) {
      lines.push_back(line);
    }
  }
  return lines;
}

TEST(Number, ShortestForm) {
  EXPECT_EQ(number(0), "0");
  EXPECT_EQ(number(-0.0), "-0");
  EXPECT_EQ(number(1), "1");
  EXPECT_EQ(number(-17), "-17");
  EXPECT_EQ(number(100000), "100000");
  EXPECT_EQ(number(1795460645), "1795460645");
  EXPECT_EQ(number(9007199254740991.0), "9007199254740991");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1.834), "1.834");
  EXPECT_EQ(number(1795460645.123), "1795460645.123");
  EXPECT_EQ(number(kInfinity), "+Inf");
  EXPECT_EQ(number(-kInfinity), "-Inf");
  EXPECT_EQ(number(std::nan("")), "NaN");
  EXPECT_EQ(number(-std::nan("")), "NaN");
}

TEST(Number, ReadsBackAsTheSameDouble) {
  for (const double value :
       {0.1, 1.0 / 3, 1e300, 1e-300, 9007199254740992.0, 9007199254740994.0, -1e22, 123456.789,
        std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
    EXPECT_EQ(std::strtod(number(value).c_str(), nullptr), value) << number(value);
  }
}

TEST(Bound, CanonicalAsOpenMetricsWantsIt) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0, "0.0"},         {1, "1.0"},          {0.1, "0.1"},    {0.005, "0.005"},
      {0.0001, "0.0001"}, {0.00001, "1e-05"},  {10, "10.0"},    {100000, "100000.0"},
      {1000000, "1e+06"}, {2.5, "2.5"},        {1e10, "1e+10"}, {1234567, "1.234567e+06"},
      {-1, "-1.0"},       {kInfinity, "+Inf"}, {0.25, "0.25"},  {1e-10, "1e-10"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(bound(value), text);
  }
}

TEST(LabelsTest, EscapeAndJoin) {
  Labels labels;
  EXPECT_EQ(labels.text(), "");
  labels.add("pool", "a").add("text", "b\\c\"d\ne");
  EXPECT_EQ(labels.text(), R"(pool="a",text="b\\c\"d\ne")");
  EXPECT_EQ(Labels().add("x", "").text(), R"(x="")");
  EXPECT_EQ(Labels().add("x", "a\xFF").text(), "x=\"a\xEF\xBF\xBD\"");
  EXPECT_EQ(Labels().add("x", "\xC3\xBC").text(), "x=\"\xC3\xBC\"");
}

TEST(ContentType, IsExact) {
  EXPECT_EQ(content_type(Format::text_0_0_4), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(content_type(Format::openmetrics_1_0_0),
            "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

std::string small_page(Format format) {
  Writer writer(format);
  Labels pool;
  pool.add("pool", "p");
  writer.family({"a_seconds", Type::gauge, "seconds", "Say \"x\\y\"\nz."});
  writer.sample(pool, 1.5);
  writer.family({"b", Type::counter, {}, "B."});
  writer.sample(Labels(), 3);
  writer.family({"c", Type::stateset, "ignored", "C."});
  writer.state(pool, "on", true);
  writer.state(pool, "off", false);
  writer.state(Labels(), "on", true);
  writer.family({"d", Type::info, {}, "D."});
  writer.sample(pool, 1);
  writer.family({"e", Type::gauge, {}, "Nothing known."});
  writer.family({"f_seconds", Type::histogram, "seconds", "F."});
  writer.histogram(Labels(), {0.5, 1}, {1, 2}, 4, 7.25);
  writer.histogram(pool, {1}, {0}, 0, 0);
  return writer.finish();
}

TEST(WriterTest, TextPage) {
  EXPECT_EQ(small_page(Format::text_0_0_4), R"(# HELP a_seconds Say "x\\y"\nz.
# TYPE a_seconds gauge
a_seconds{pool="p"} 1.5
# HELP b_total B.
# TYPE b_total counter
b_total 3
# HELP c C.
# TYPE c gauge
c{pool="p",c="on"} 1
c{pool="p",c="off"} 0
c{c="on"} 1
# HELP d_info D.
# TYPE d_info gauge
d_info{pool="p"} 1
# HELP e Nothing known.
# TYPE e gauge
# HELP f_seconds F.
# TYPE f_seconds histogram
f_seconds_bucket{le="0.5"} 1
f_seconds_bucket{le="1.0"} 2
f_seconds_bucket{le="+Inf"} 4
f_seconds_sum 7.25
f_seconds_count 4
f_seconds_bucket{pool="p",le="1.0"} 0
f_seconds_bucket{pool="p",le="+Inf"} 0
f_seconds_sum{pool="p"} 0
f_seconds_count{pool="p"} 0
)");
}

TEST(WriterTest, OpenMetricsPage) {
  EXPECT_EQ(small_page(Format::openmetrics_1_0_0), R"(# TYPE a_seconds gauge
# UNIT a_seconds seconds
# HELP a_seconds Say \"x\\y\"\nz.
a_seconds{pool="p"} 1.5
# TYPE b counter
# HELP b B.
b_total 3
# TYPE c stateset
# HELP c C.
c{pool="p",c="on"} 1
c{pool="p",c="off"} 0
c{c="on"} 1
# TYPE d info
# HELP d D.
d_info{pool="p"} 1
# TYPE e gauge
# HELP e Nothing known.
# TYPE f_seconds histogram
# UNIT f_seconds seconds
# HELP f_seconds F.
f_seconds_bucket{le="0.5"} 1
f_seconds_bucket{le="1.0"} 2
f_seconds_bucket{le="+Inf"} 4
f_seconds_sum 7.25
f_seconds_count 4
f_seconds_bucket{pool="p",le="1.0"} 0
f_seconds_bucket{pool="p",le="+Inf"} 0
f_seconds_sum{pool="p"} 0
f_seconds_count{pool="p"} 0
# EOF
)");
}

TEST(WriterTest, FinishEmptiesIt) {
  Writer text(Format::text_0_0_4);
  EXPECT_EQ(text.finish(), "");
  text.family({"a", Type::gauge, {}, "A."});
  EXPECT_EQ(text.finish(), "# HELP a A.\n# TYPE a gauge\n");
  EXPECT_EQ(text.finish(), "");
  EXPECT_EQ(Writer(Format::openmetrics_1_0_0).finish(), "# EOF\n");
}

TEST(WriterTest, MoreBoundsThanCountsWritesNoInventedBucket) {
  Writer writer(Format::text_0_0_4);
  writer.family({"h", Type::histogram, {}, "H."});
  writer.histogram(Labels(), {1, 2, 3}, {5}, 6, 1);
  EXPECT_EQ(samples(writer.finish()),
            (std::vector<std::string>{R"(h_bucket{le="1.0"} 5)", R"(h_bucket{le="+Inf"} 6)",
                                      "h_sum 1", "h_count 6"}));
}

TEST(WriterTest, BothFormatsHaveTheSameSampleBytes) {
  for (const auto& page : {tests::synthetic_page(3), tests::awkward_page()}) {
    const auto text = samples(tests::write_page(page, Format::text_0_0_4));
    EXPECT_EQ(text, samples(tests::write_page(page, Format::openmetrics_1_0_0)));
    // Each bound, +Inf, the sum and the count beside the plain series.
    EXPECT_EQ(text.size(), page.series() + page.bounds.size() + 3);
  }
}

}  // namespace
}  // namespace sfb::exposition
