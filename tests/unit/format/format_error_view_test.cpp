// Errors and warnings as PowerShell 7 shows them, and which view is taken. Compared with the engine
// of 7.6 where the goldens do not reach.
#include "agent/format/format.hpp"
#include "agent/value/pipeline.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using sfb::ErrorRecord;
using sfb::format::Edition;
using sfb::format::ErrorView;
using sfb::format::Options;

ErrorRecord sample() {
  ErrorRecord record;
  record.message = "No such pool.";
  record.category = 13;
  record.category_message = "ObjectNotFound: (:) [], Sent";
  record.category_reason = "Exception";
  record.error_id = "PoolNotFound";
  return record;
}

std::string shown(const ErrorRecord& record, ErrorView view = ErrorView::automatic,
                  int width = 80) {
  Options options;
  options.width = width;
  options.edition = Edition::powershell_7;
  options.error_view = view;
  return sfb::format::error(record, options);
}

TEST(ErrorView, EachEditionHasItsDefault) {
  const ErrorRecord record = sample();
  EXPECT_EQ(shown(record), "ObjectNotFound: No such pool.\n");
  Options options{.width = 80, .error_view = ErrorView::concise};
  const std::string concise = sfb::format::error(record, options);
  options.error_view = ErrorView::automatic;
  EXPECT_EQ(concise, sfb::format::error(record, options)) << "5.1 knows no ConciseView";
  EXPECT_TRUE(concise.ends_with("+ FullyQualifiedErrorId : PoolNotFound\n \n"));
}

TEST(ErrorView, NormalOfSevenNeitherWrapsNorIndents) {
  ErrorRecord record = sample();
  record.invocation_name = "Get-X";
  record.place = {.file = "", .line = 1, .column = 7, .text = std::string(6, ' ') + "Get-X   "};
  record.category_reason = std::string(30, 'a') + std::string(30, 'b');
  EXPECT_EQ(shown(record, ErrorView::normal, 20),
            "Get-X : No such pool.\n"
            "At line:1 char:7\n"
            "+       Get-X\n"
            "+       ~~~~~\n"
            "+ CategoryInfo          : ObjectNotFound: (:) [], " +
                std::string(19, 'a') + "…" + std::string(19, 'b') +
                "\n"
                "+ FullyQualifiedErrorId : PoolNotFound\n");
}

TEST(ErrorView, AParsersErrorNamesItsOwnPlace) {
  ErrorRecord record = sample();
  record.category = 17;
  record.position_message = "At line:1 char:1\n+ x\n+ ~";
  EXPECT_EQ(shown(record, ErrorView::normal),
            "No such pool.\n+ CategoryInfo          : ParserError: (:) [], Exception\n"
            "+ FullyQualifiedErrorId : PoolNotFound\n");
  record.command = "Get-X";
  EXPECT_NE(shown(record, ErrorView::normal).find("At line"), std::string::npos);
}

TEST(ErrorView, CategoryIsOneLine) {
  EXPECT_EQ(shown(sample(), ErrorView::category, 10), "ObjectNotFound: (:) [], Exception\n");
  ErrorRecord record = sample();
  record.category_reason.clear();
  EXPECT_EQ(shown(record, ErrorView::category), "ObjectNotFound: (:) [], RemoteException\n");
}

TEST(ErrorView, OneCategoryIsWrittenInWords) {
  ErrorRecord record = sample();
  record.category = 4;  // DeadlockDetected
  EXPECT_EQ(shown(record, ErrorView::category), "Deadlock detected: (:) [], Exception\n");
}

TEST(ErrorView, ConciseNamesWhatFailed) {
  ErrorRecord record = sample();
  record.invocation_name = "Get-X";
  EXPECT_EQ(shown(record), "Get-X: No such pool.\n");
  record.category_activity = "Get-Activity";
  EXPECT_EQ(shown(record), "Get-Activity: No such pool.\n");
  ErrorRecord bare;
  bare.message = "m";
  EXPECT_EQ(shown(bare), "RemoteException: m\n");
  bare.category_message = "InvalidArgument: (:) [], X";
  EXPECT_EQ(shown(bare), "InvalidArgument: m\n") << "of a record that has no parts";
  sfb::Graph graph;
  const ErrorRecord again = ErrorRecord::from(graph, bare.to_value(graph));
  EXPECT_EQ(shown(again), "InvalidArgument: m\n") << "nor has it any as a value";
  EXPECT_NE(shown(again, ErrorView::normal).find("InvalidArgument: (:) [], X\n"),
            std::string::npos);
}

TEST(ErrorView, ConciseShowsTheLineOfAScript) {
  ErrorRecord record = sample();
  record.place = {.file = "C:\\a.ps1", .line = 37, .column = 3, .text = "  Get-X -Name y"};
  EXPECT_EQ(shown(record),
            "ObjectNotFound: C:\\a.ps1:37\n"
            "Line |\n"
            "  37 |    Get-X -Name y\n"
            "     |    ~~~~~~~~~~~~~\n"
            "     | No such pool.\n\n");
  record.place->file = "C:\\a.PSM1";
  EXPECT_EQ(shown(record), "ObjectNotFound: No such pool.\n\n") << "a module shows no line";
  record.place->file.clear();
  record.place->line = 12345;
  EXPECT_EQ(shown(record),
            "ObjectNotFound: \n"
            " Line |\n"
            "12345 |    Get-X -Name y\n"
            "      |    ~~~~~~~~~~~~~\n"
            "      | No such pool.\n");
}

TEST(ErrorView, ConciseBreaksTheMessageOfAScriptAtBlanks) {
  ErrorRecord record = sample();
  record.message = "one two\r\nthree\tfour " + std::string(30, 'x');
  record.recommended_action = "Stop it.";
  record.place = {.file = "a.ps1", .line = 1, .column = 1, .text = "x"};
  EXPECT_EQ(shown(record, ErrorView::concise, 20),
            "ObjectNotFound: a.ps1:1\n"
            "Line |\n"
            "   1 |  x\n"
            "     |  ~\n"
            "     | one two\n"
            "     | three four\n"
            "     | xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n"
            "\n"
            "  Recommendation: Stop it.\n");
}

TEST(ErrorView, ANativeProgramsLineStandsAlone) {
  ErrorRecord record = sample();
  record.error_id = "NativeCommandError";
  for (const ErrorView view : {ErrorView::normal, ErrorView::concise, ErrorView::category}) {
    EXPECT_EQ(shown(record, view), "No such pool.\n");
  }
}

TEST(ErrorView, AMessageOfBlanksIsNone) {
  ErrorRecord record = sample();
  record.message = " \xE3\x80\x80\t";
  EXPECT_EQ(shown(record), "ObjectNotFound: ObjectNotFound: (:) [], Sent\n");
  record.message_from_details = true;
  EXPECT_EQ(shown(record), "ObjectNotFound:  \xE3\x80\x80\t\n");
}

TEST(ErrorView, AnyWidthComesToAnEnd) {
  ErrorRecord record = sample();
  record.message = std::string(50, 'x') + " " + std::string(50, ' ');
  record.place = {.file = "a.ps1", .line = 123456, .column = 4, .text = std::string(200, 'y')};
  for (const ErrorView view : {ErrorView::normal, ErrorView::concise, ErrorView::category}) {
    for (int width = -1; width < 40; ++width) {
      EXPECT_TRUE(shown(record, view, width).ends_with("\n")) << width;
    }
  }
}

TEST(EditionOf, AServersVersion) {
  using sfb::format::edition_of;
  EXPECT_EQ(edition_of("3.0"), Edition::windows_powershell_40);
  EXPECT_EQ(edition_of("4.0.1.1"), Edition::windows_powershell_40);
  EXPECT_EQ(edition_of("5.1.17763.1"), Edition::windows_powershell_51);
  EXPECT_EQ(edition_of("7.6.9"), Edition::powershell_7);
  EXPECT_EQ(edition_of(""), Edition::windows_powershell_51);
  EXPECT_EQ(edition_of("77"), Edition::windows_powershell_51);
}

TEST(Warning, OfSevenIsNotWrapped) {
  Options options;
  options.width = 12;
  options.edition = Edition::powershell_7;
  EXPECT_EQ(sfb::format::warning("one two\tthree\r\nfour", options),
            "WARNING: one two\tthree\nfour\n");
}

}  // namespace
