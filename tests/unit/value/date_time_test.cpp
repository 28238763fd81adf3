#include "agent/value/date_time.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sfb {
namespace {

const WallTime kTime = parse_iso8601("2026-11-23T18:47:03.123Z").value();

TEST(DateTime, BothSpellings) {
  EXPECT_EQ(parse_date_time("/Date(1795459623123)/").value(), kTime);
  EXPECT_EQ(parse_date_time("2026-11-23T19:47:03.123+01:00").value(), kTime);
  EXPECT_EQ(parse_date_time("2026-11-23T18:47:03.1230000").value(), kTime) << "no zone is UTC";
  for (const char* text : {"", "/Date()/", "/Date(x)/", "/Date(1", "/Date(-1)/",
                           "11/23/2026 6:47 PM", "/Date(99999999999999999)/"}) {
    EXPECT_FALSE(parse_date_time(text).has_value()) << text;
  }
}

TEST(DateTime, OfValues) {
  Graph graph;
  EXPECT_EQ(as_date_time(graph, Value::make(Kind::date_time, "2026-11-23T18:47:03.123Z")), kTime);
  EXPECT_EQ(as_date_time(graph, Value::string(" /Date(1795459623123)/ ")), kTime);
  EXPECT_EQ(as_date_time(graph, Value::string("1970-01-01T00:00:00Z")), WallTime{});
  for (const Value& none : {Value{}, Value::string("never"), Value::boolean(true), Value::int32(5),
                            Value::make(Kind::date_time, "0001-01-01T00:00:00"),
                            Value::string("1969-12-31T23:59:59Z")}) {
    EXPECT_EQ(as_date_time(graph, none), std::nullopt) << none.text;
  }
}

TEST(DateTime, OfWrappedValues) {
  Graph graph;
  Object clixml;
  clixml.to_string = "Monday, November 23, 2026 6:47:03 PM";
  clixml.base = Value::make(Kind::date_time, "2026-11-23T18:47:03.123Z");
  EXPECT_EQ(as_date_time(graph, Value::object_ref(graph.add(std::move(clixml)))), kTime);
  Object json;
  json.extended = {{"value", Value::string("/Date(1795459623123)/")},
                   {"DateTime", Value::string("Monday, November 23, 2026 6:47:03 PM")}};
  EXPECT_EQ(as_date_time(graph, Value::object_ref(graph.add(std::move(json)))), kTime);
  EXPECT_EQ(as_date_time(graph, Value::object_ref(graph.add({}))), std::nullopt);
}

}  // namespace
}  // namespace sfb
