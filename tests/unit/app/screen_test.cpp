// What `evaluate` prints while an ask runs.
#include "agent/app/screen.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>

namespace sfb::app {
namespace {

using namespace std::chrono_literals;

class FixedClock final : public Clock {
 public:
  Now now() const override {
    return {WallTime(std::chrono::sys_days(std::chrono::year(2026) / 11 / 24) + 3h + 4min + 5s +
                     6'789us),
            MonoTime()};
  }
};

// The text that a Screen prints.
template <typename F>
std::string printed(F use, bool wire = false) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const stream = ::open_memstream(&text, &size);
  const FixedClock clock;
  Screen screen(stream, wire, clock);
  use(screen);
  static_cast<void>(std::fclose(stream));
  std::string out(text, size);
  std::free(text);  // NOLINT(cppcoreguidelines-no-malloc): open_memstream's rule
  return out;
}

TEST(Screen, StagesStandInColumns) {
  EXPECT_EQ(printed([](Screen& screen) {
              screen.stage({Stage::resolve, 1'234us});
              screen.stage({Stage::tls, 12'345ms});
            }),
            "resolve              1.2 ms\n"
            "tls              12345.0 ms\n");
}

TEST(Screen, FactsStandBehindTheirStageAndCannotMoveTheCursor) {
  EXPECT_EQ(printed([](Screen& screen) {
              screen.fact("certificate", "a\nb\n");
              screen.stage({Stage::tls, 1ms});
              screen.fact("offers", "Negotiate\x1b[2J");
              screen.answered();
            }),
            "tls                  1.0 ms\n"
            "  certificate  a\n"
            "               b\n"
            "  offers       Negotiate^[[2J\n");
}

TEST(Screen, AWarningIsALineOfItsOwnAtAnyTime) {
  EXPECT_EQ(printed([](Screen& screen) {
              screen.fact("warning", "NTLM was used\x1b[2J");
              screen.answered();
              screen.fact("warning", "again");
            }),
            "warning: NTLM was used^[[2J\n"
            "warning: again\n");
}

TEST(Screen, AFactHasItsEnd) {
  const std::string text = printed([](Screen& screen) {
    screen.fact("x", std::string(kMostFact + 1, 'y'));
    screen.answered();
  });
  EXPECT_EQ(text.size(), 15 + kMostFact + 4) << "one word is not broken";
  EXPECT_TRUE(text.ends_with("y...\n"));
}

TEST(Screen, LongFactsAreBrokenAtBlanks) {
  const std::string word(40, 'w');
  const std::string column(15, ' ');
  EXPECT_EQ(aligned("n", word + " " + word + " " + word + "\nx"),
            "n              " + word + " " + word + "\n" + column + word + "\n" + column + "x\n");
  const std::string url(100, 'u');
  EXPECT_EQ(aligned("n", url + " " + url), "n              " + url + "\n" + column + url + "\n");
  EXPECT_EQ(aligned("n", ""), "n              \n");
}

TEST(Screen, ALabelAsWideAsItsColumnEndsInABlank) {
  // Names that the server gives its shell.
  EXPECT_EQ(aligned("OutputStreams", "stdout", 2), "  OutputStreams stdout\n");
  EXPECT_EQ(aligned("CompressionMode", "x", 2), "  CompressionMode x\n");
  EXPECT_EQ(aligned("InputStreams", "stdin", 2), "  InputStreams stdin\n");
  EXPECT_EQ(aligned(std::string(15, 'n'), "v"), std::string(15, 'n') + " v\n");
}

TEST(Screen, OnlyTheWireFollowsTheAnswer) {
  EXPECT_EQ(printed(
                [](Screen& screen) {
                  screen.answered();
                  screen.stage({Stage::open, 1ms});
                  screen.fact("a", "b");
                  screen.wire("<", "c");
                },
                true),
            "03:04:05.006 < c\n");
}

TEST(Screen, TheWireHasTimeAndDirectionOnEachLine) {
  EXPECT_EQ(printed([](Screen& screen) { screen.wire(">", "POST /wsman\r\nHost: a\x07"); }, true),
            "03:04:05.006 > POST /wsman\n"
            "03:04:05.006 > Host: a^G\n");
}

TEST(Screen, TheWireIsWantedWithDebugOnly) {
  const FixedClock clock;
  EXPECT_TRUE(Screen(stderr, true, clock).wants_wire());
  EXPECT_FALSE(Screen(stderr, false, clock).wants_wire());
}

}  // namespace
}  // namespace sfb::app
