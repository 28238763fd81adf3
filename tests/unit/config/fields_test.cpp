#include "config/fields.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <utility>

namespace sfb::config {
namespace {

struct Fixture {
  explicit Fixture(std::string_view text)
      : document(std::move(parse_document("f.yml", text).value())),
        section(*document->root, "s", problems) {}

  std::string messages() {
    std::string out;
    for (const Problem& problem : problems.take_sorted()) {
      out += to_string(problem) + "\n";
    }
    return out;
  }

  std::unique_ptr<Document> document;
  Problems problems;
  Section section;
};

TEST(Sizes, AreReadAndWrittenBack) {
  EXPECT_EQ(parse_size("4MiB"), 4UL << 20U);
  EXPECT_EQ(parse_size("512KiB"), 512UL << 10U);
  EXPECT_EQ(parse_size("1GiB"), 1UL << 30U);
  EXPECT_EQ(parse_size("4194304"), 4UL << 20U);
  EXPECT_EQ(parse_size("0"), 0U);
  for (const char* text : {"", "MiB", "4MB", "4 MiB", "-1", "+1", "4mib", "0x10", "1.5MiB",
                           "4MiBKiB", "18446744073709551616", "17179869184GiB"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{1023}, std::size_t{1024}, std::size_t{1536},
        std::size_t{3} << 30U, std::numeric_limits<std::size_t>::max()}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes) << format_size(bytes);
  }
  EXPECT_EQ(format_size(4UL << 20U), "4MiB");
  EXPECT_EQ(format_size(1536), "1536");
}

TEST(KeyText, QuotesWhatIsNoWordUpToWhereAValueMayBegin) {
  EXPECT_EQ(key_text("evaluation_interval"), "evaluation_interval");
  EXPECT_EQ(key_text(""), "\"\"");
  EXPECT_EQ(key_text(std::string(65, 'a')), "\"" + std::string(64, 'a') + "...\"");
  for (const char* key : {"password hunter2", "password:hunter2", "password=hunter2",
                          "password\nhunter2", "password\xC3\xBC"}) {
    EXPECT_EQ(key_text(key), "\"password\"...");
  }
}

TEST(Section, GivesTypedValues) {
  Fixture f("t: text\nb: true\nn: 7\ns: 2KiB\nd: 1h30m\nz: 0\nh: A.example.com.\nl: [x, y]\n");
  EXPECT_EQ(f.section.text("t"), "text");
  EXPECT_EQ(f.section.boolean("b"), true);
  EXPECT_EQ(f.section.number("n", 7, 7), 7U);
  EXPECT_EQ(f.section.size("s", 1, 4096), 2048U);
  EXPECT_EQ(f.section.duration("d"), std::chrono::minutes(90));
  EXPECT_EQ(f.section.duration("z", true), std::chrono::milliseconds(0));
  ASSERT_TRUE(f.section.fqdn("h").has_value());
  EXPECT_EQ(f.section.texts("l"), (std::vector<std::string>{"x", "y"}));
  f.section.finish();
  EXPECT_EQ(f.messages(), "");
}

TEST(Section, AbsentKeysAreNoProblem) {
  Fixture f("{}");
  EXPECT_EQ(f.section.text("t"), std::nullopt);
  EXPECT_EQ(f.section.duration("d"), std::nullopt);
  EXPECT_EQ(f.section.texts("l"), std::nullopt);
  f.section.finish();
  EXPECT_EQ(f.problems.count(), 0U);
}

TEST(Section, ZeroIsADurationOnlyWhereItMakesSense) {
  Fixture f("d: 0s\n");
  EXPECT_EQ(f.section.duration("d"), std::nullopt);
  EXPECT_EQ(f.messages(), "f.yml:1:4: s.d: \"0s\" is no time at all, must be longer than 0s\n");
}

TEST(Section, NumbersHaveTheirEnds) {
  Fixture f("a: 1\nb: 9\nc: 10\n");
  EXPECT_EQ(f.section.number("a", 2, 9), std::nullopt);
  EXPECT_EQ(f.section.number("b", 2, 9), 9U);
  EXPECT_EQ(f.section.number("c", 2, 9), std::nullopt);
  EXPECT_EQ(f.messages(),
            "f.yml:1:4: s.a: \"1\" is not allowed, must be a whole number from 2 to 9\n"
            "f.yml:3:4: s.c: \"10\" is not allowed, must be a whole number from 2 to 9\n");
}

TEST(Section, LabelsAreShortAndClean) {
  Fixture f("ok: 'Z\xC3\xBCrich'\nempty: ''\nlong: " + std::string(kMaxLabel + 1, 'x') +
            "\ncontrol: \"a\\x07\"\n");
  EXPECT_EQ(f.section.label("ok"), "Z\xC3\xBCrich");
  EXPECT_EQ(f.section.label("empty"), "");
  EXPECT_EQ(f.section.label("long"), std::nullopt);
  EXPECT_EQ(f.section.label("control"), std::nullopt);
  EXPECT_EQ(f.problems.count(), 2U);
}

TEST(Section, AMissingValueIsReportedAtItsKey) {
  Fixture f("a:\n\n\n\nb: 1\n");
  EXPECT_EQ(f.section.text("a"), std::nullopt);
  EXPECT_EQ(f.messages(), "f.yml:1:1: s.a: has no value, write a value or remove the key\n");
}

TEST(Section, AMissingKeyIsReportedAtTheSection) {
  Fixture f("\n\nb: 1\n");
  EXPECT_TRUE(f.section.require("b", ""));
  EXPECT_FALSE(f.section.require("a", "write it"));
  EXPECT_EQ(f.messages(), "f.yml:3:1: s.a: is missing, write it\n");
}

TEST(Section, TheFirstOfDuplicatesCounts) {
  Fixture f("a: 1\na: 2\n");
  EXPECT_EQ(f.section.text("a"), "1");
  EXPECT_EQ(f.section.entries().size(), 1U);
  EXPECT_EQ(f.messages(),
            "f.yml:2:1: s.a: the key is given twice, remove it here or at f.yml:1:1\n");
}

TEST(Section, UnknownKeysNameTheNearestOrAll) {
  Fixture f("intervall: 1\nDEPTH: 1\ncolour: 1\n");
  f.section.find("interval");
  f.section.find("depth");
  f.section.find("depth");
  f.section.finish();
  EXPECT_EQ(f.messages(),
            "f.yml:1:1: s.intervall: unknown key, did you mean interval?\n"
            "f.yml:2:1: s.DEPTH: unknown key, did you mean depth?\n"
            "f.yml:3:1: s.colour: unknown key, allowed are depth, interval\n");
}

TEST(Section, AListMustHoldNames) {
  Fixture f("l: [x, [y]]\n");
  EXPECT_EQ(f.section.texts("l"), std::nullopt);
  EXPECT_EQ(f.messages(), "f.yml:1:8: s.l[1]: is not a name, must be a list of names\n");
}

TEST(Section, NothingIsAnEmptySectionAndTextIsNone) {
  Fixture nothing("~");
  nothing.section.finish();
  EXPECT_EQ(nothing.problems.count(), 0U);
  Fixture text("word");
  EXPECT_EQ(text.messages(), "f.yml:1:1: s: is a single value, must be a map of keys and values\n");
}

TEST(ProblemList, IsSortedAndBounded) {
  Problems problems;
  problems.add({"b.yml", 1, 1}, "k", "second file");
  for (std::size_t i = Problems::kMost + 5; i > 1; --i) {
    problems.add({"a.yml", i, 1}, "k", "first file");
  }
  EXPECT_EQ(problems.count(), Problems::kMost + 5);
  const auto sorted = problems.take_sorted();
  ASSERT_EQ(sorted.size(), Problems::kMost + 1);
  EXPECT_LT(sorted[0].where, sorted[1].where);
  EXPECT_EQ(sorted[Problems::kMost - 1].what, "second file");
  EXPECT_EQ(sorted.back().what, "5 more problems are not listed");
  EXPECT_EQ(problems.count(), 0U);
}

TEST(ProblemText, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(to_string(Problem{{"f.yml", 3, 5}, "a.b", "is wrong", "write it right"}),
            "f.yml:3:5: a.b: is wrong, write it right");
  EXPECT_EQ(to_string(Problem{{"f.yml", 0, 0}, "", "is a directory", ""}), "f.yml: is a directory");
}

}  // namespace
}  // namespace sfb::config
