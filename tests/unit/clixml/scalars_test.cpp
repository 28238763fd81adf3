#include "agent/clixml/scalars.hpp"

#include "agent/clixml/clixml.hpp"
#include "agent/clixml/tags.hpp"
#include "agent/clixml/writer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::clixml {
namespace {

using testing::HasSubstr;

struct Case {
  std::string_view tag;
  std::string_view text;
};

std::string element(const Case& scalar) {
  return "<" + std::string(scalar.tag) + ">" + std::string(scalar.text) + "</" +
         std::string(scalar.tag) + ">";
}

// One message each: read, kept as sent, written again.
const Case kGood[] = {
    {"S", " lead and trail "},
    {"C", "97"},
    {"C", "0"},
    {"C", "8364"},
    {"C", "65535"},
    {"C", "55357"},
    {"B", "true"},
    {"B", "false"},
    {"DT", "2026-11-23T07:53:05Z"},
    {"DT", "0001-01-01T00:00:00"},
    {"DT", "9999-12-31T23:59:59.9999999"},
    {"DT", "2026-01-01T01:02:03.004+14:00"},
    {"DT", "2024-02-29T00:00:00"},
    {"TS", "PT0S"},
    {"TS", "-P10675199DT2H48M5.4775808S"},
    {"TS", "PT0.0000001S"},
    {"TS", "P1Y2M"},
    {"TS", "P3DT4M"},
    {"By", "255"},
    {"SB", "-128"},
    {"U16", "65535"},
    {"I16", "-32768"},
    {"U32", "4294967295"},
    {"I32", "-2147483648"},
    {"U64", "18446744073709551615"},
    {"I64", "-9223372036854775808"},
    {"Sg", "INF"},
    {"Sg", "0.1"},
    {"Db", "-INF"},
    {"Db", "NaN"},
    {"Db", "1E+21"},
    {"Db", "-0"},
    {"Db", "5e-324"},
    {"Db", ".5"},
    {"D", "79228162514264337593543950335"},
    {"D", "-1.50"},
    {"BA", "AQID"},
    {"BA", "AQ=="},
    {"G", "6f9619ff-8b86-d011-b42d-00cf4fc964ff"},
    {"G", "{6F9619FF-8B86-D011-B42D-00CF4FC964FF}"},
    {"URI", "http://a/b c"},
    {"Version", "1.2"},
    {"Version", "5.1.17763.1"},
    {"XD", "&lt;a b=\"c\"&gt;d&lt;/a&gt;"},
    {"SBK", " Get-Date "},
    {"SS", "AAAA"},
};

TEST(Scalars, AreReadAndWrittenAsTheyAre) {
  for (const Case& scalar : kGood) {
    const auto document = read_message(element(scalar), {});
    ASSERT_TRUE(document.has_value()) << element(scalar) << describe(document.error());
    const Value& value = document->roots.at(0);
    EXPECT_EQ(tag_of_scalar(value.kind), scalar.tag) << element(scalar);
    EXPECT_EQ(write_message(document->graph, value), element(scalar));
  }
}

const Case kBad[] = {
    {"I32", ""},
    {"I32", "12x"},
    {"I32", "1.0"},
    {"I32", "2147483648"},
    {"I32", "--1"},
    {"I32", "+-1"},
    {"I32", "1 2"},
    {"I32", "0x10"},
    {"By", "256"},
    {"By", "-1"},
    {"SB", "128"},
    {"U16", "65536"},
    {"I16", "32768"},
    {"U32", "4294967296"},
    {"U64", "-1"},
    {"U64", "18446744073709551616"},
    {"I64", "9223372036854775808"},
    {"C", "65536"},
    {"C", "a"},
    {"C", "-1"},
    {"B", ""},
    {"B", "yes"},
    {"B", "2"},
    {"DT", ""},
    {"DT", "yesterday"},
    {"DT", "2026-02-29T00:00:00"},
    {"DT", "2026-01-01T24:00:00"},
    {"DT", "2026-01-01T00:00:00.12345678"},
    {"DT", "2026-01-01T00:00:00 Z"},
    {"TS", ""},
    {"TS", "P"},
    {"TS", "PT"},
    {"TS", "P1DT"},
    {"TS", "1D"},
    {"TS", "PT1M1H"},
    {"TS", "PT1.S"},
    {"TS", "P1S"},
    {"TS", "PT1S1"},
    {"Sg", "1,5"},
    {"Db", "inf"},
    {"Db", "1E"},
    {"Db", "."},
    {"Db", "1E+"},
    {"D", "1E5"},
    {"D", ""},
    {"D", "1.2.3"},
    {"BA", "A"},
    {"BA", "A==="},
    {"BA", "AB=C"},
    {"BA", "AQI*"},
    {"G", "6f9619ff"},
    {"G", "6f9619ff-8b86-d011-b42d-00cf4fc964fg"},
    {"G", "6f9619ff8-b86-d011-b42d-00cf4fc964ff"},
    {"Version", ""},
    {"Version", "1..2"},
    {"Version", "1.-2"},
    {"Version", "1.2.3.4.5"},
    {"Version", "1.99999999999"},
    {"Nil", "x"},
};

TEST(Scalars, ThatAreNoneAreRefusedWithTagAndPlace) {
  for (const Case& scalar : kBad) {
    const auto document = read_message(element(scalar), {});
    ASSERT_FALSE(document.has_value()) << element(scalar);
    EXPECT_EQ(document.error().code, "clixml.bad_value") << element(scalar);
    EXPECT_EQ(document.error().reason, Reason::parse);
    EXPECT_THAT(document.error().message, HasSubstr("<" + std::string(scalar.tag) + ">"));
    EXPECT_THAT(document.error().message, HasSubstr("line 1, column "));
    EXPECT_EQ(document.error().peer, scalar.text);
  }
}

TEST(Scalars, FormsThatDotNetTakesAreMadeUsual) {
  const struct {
    Case sent;
    std::string_view kept;
  } cases[] = {
      {{"I32", " 5\n"}, "5"},       {{"I32", "+5"}, "5"},    {{"B", "1"}, "true"},
      {{"B", "0"}, "false"},        {{"B", "True"}, "true"}, {{"BA", "AQ\nID"}, "AQID"},
      {{"SS", "\n AAAA "}, "AAAA"},
  };
  for (const auto& one : cases) {
    const auto document = read_message(element(one.sent), {});
    ASSERT_TRUE(document.has_value()) << element(one.sent);
    EXPECT_EQ(document->roots.at(0).text, one.kept) << element(one.sent);
  }
}

TEST(Scalars, ACharacterIsItself) {
  EXPECT_EQ(read_scalar(Kind::character, "8364")->text, "\xE2\x82\xAC");
  EXPECT_EQ(read_scalar(Kind::character, "0")->text, std::string(1, '\0'));
  const auto lone = read_scalar(Kind::character, "55357");
  EXPECT_EQ(lone->text, "\xEF\xBF\xBD");
  EXPECT_EQ(lone->wire, "55357") << "the unit itself is kept";
  EXPECT_EQ(write_scalar(Value::make(Kind::character, "\xE2\x82\xAC")), "8364");
}

TEST(Scalars, ALoneSurrogateIsShownReplacedAndWrittenAsSent) {
  const auto value = read_scalar(Kind::string, "lone_xD83D_");
  EXPECT_EQ(value->text, "lone\xEF\xBF\xBD");
  EXPECT_EQ(write_scalar(*value), "lone_xD83D_");
}

}  // namespace
}  // namespace sfb::clixml
