#include "agent/format/format.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using sfb::ErrorRecord;

ErrorRecord sample() {
  ErrorRecord record;
  record.message = "No such pool.";
  record.category_message = "ObjectNotFound: (x:String) [], Exception";
  record.error_id = "PoolNotFound";
  return record;
}

std::string shown(const ErrorRecord& record, int width = 80) {
  return sfb::format::error(record, {.width = width});
}

TEST(Error, NamesTheCommandAndThePlaceBeforeTheLastLines) {
  ErrorRecord record = sample();
  record.invocation_name = "Get-X";
  record.position_message = "At line:1 char:1\n+ Get-X\n+ ~~~~~";
  EXPECT_EQ(shown(record),
            "Get-X : No such pool.\n"
            "At line:1 char:1\n"
            "+ Get-X\n"
            "+ ~~~~~\n"
            "    + CategoryInfo          : ObjectNotFound: (x:String) [], Exception\n"
            "    + FullyQualifiedErrorId : PoolNotFound\n"
            " \n");
}

TEST(Error, DetailsLeaveOutTheClosingLine) {
  ErrorRecord record = sample();
  record.message_from_details = true;
  EXPECT_EQ(shown(record),
            "No such pool.\n"
            "    + CategoryInfo          : ObjectNotFound: (x:String) [], Exception\n"
            "    + FullyQualifiedErrorId : PoolNotFound\n");
}

TEST(Error, ANativeProgramsLineStandsAlone) {
  ErrorRecord record = sample();
  record.error_id = "NativeCommandErrorMessage";
  EXPECT_EQ(shown(record), "No such pool.\n");
}

TEST(Error, BuildsACategoryThatWasNotSent) {
  ErrorRecord record = sample();
  record.category_message.clear();
  record.category = 13;
  record.category_activity = "Get-X";
  record.category_reason = "AReasonThatIsLongerThanFortyCharactersIsShownWhole";
  record.category_target_name = std::string(40, 'n');
  record.category_target_type = std::string(20, 'a') + std::string(21, 'b');
  EXPECT_EQ(shown(record, 300),
            "No such pool.\n"
            "    + CategoryInfo          : ObjectNotFound: (" +
                std::string(40, 'n') + ":" + std::string(15, 'a') + "..." + std::string(15, 'b') +
                ") [Get-X], AReasonThatIsLongerThanFortyCharactersIsShownWhole\n"
                "    + FullyQualifiedErrorId : PoolNotFound\n"
                " \n");
}

TEST(Error, RebuildsACategoryCutInAnotherEditionsWay) {
  ErrorRecord record = sample();
  record.category_message = "ObjectNotFound: (xxxxxxxxxxxxxxxxxxx…xxxxxxxxxxxxxxxxxxx:T) [], E";
  record.category_target_name = std::string(50, 'x');
  record.category_target_type = "T";
  record.category_reason = "E";
  EXPECT_NE(shown(record, 200).find('\xE2'), std::string::npos) << "no parts: as it was sent";
  record.category = 13;
  EXPECT_NE(shown(record, 200).find("(xxxxxxxxxxxxxxx...xxxxxxxxxxxxxxx:T) [], E"),
            std::string::npos);
}

TEST(Error, TheCutDoesNotCountLineBreaks) {
  ErrorRecord record = sample();
  // Pieces of 20: the first line leaves 6 characters, which stay with the short line behind them.
  record.category_message = "\nshort\n" + std::string(45, 'x');
  EXPECT_EQ(shown(record, 26),
            "No such pool.\n"
            "    + CategoryInfo       \n"
            "       : \n"
            "short\n"
            "    xxxxxxxxxxxxxxxxxxxx \n"
            "   xxxxxxxxxxxxxxxxxxxx  \n"
            "  xxxxx\n"
            "    + FullyQualifiedErro \n"
            "   rId : PoolNotFound\n"
            " \n");
}

TEST(Error, AnyWidthComesToAnEnd) {
  ErrorRecord record = sample();
  for (int width = -1; width < 40; ++width) {
    const std::string text = shown(record, width);
    EXPECT_FALSE(text.empty()) << width;
    EXPECT_EQ(text.back(), '\n') << width;
  }
  EXPECT_EQ(shown(record, 1), "\n") << "no column is left to print in";
}

}  // namespace
