#include "agent/base/common_text.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#include <sanitizer/allocator_interface.h>
#endif

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sfb {
namespace {

using namespace std::string_view_literals;

const std::string kLong(100, 'x');

// Bytes that are in use.
std::size_t allocated() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

TEST(CommonText, TheSameTextIsThereOnce) {
  const CommonText one = kLong;
  const CommonText other = std::string_view(kLong);
  EXPECT_EQ(one, other);
  EXPECT_EQ(&one.str(), &other.str());
  EXPECT_NE(&CommonText(kLong + "y").str(), &one.str());
}

TEST(CommonText, ItIsAsLargeAsAPointer) {
  EXPECT_EQ(sizeof(CommonText), sizeof(void*));
}

TEST(CommonText, NothingIsAText) {
  EXPECT_TRUE(CommonText().empty());
  EXPECT_EQ(CommonText(), CommonText(""));
  EXPECT_EQ(CommonText().str(), "");
  EXPECT_NE(CommonText("\0"sv), CommonText());
}

TEST(CommonText, ItComparesAsItsText) {
  const CommonText a = "a";
  const CommonText b = "b";
  EXPECT_LT(a, b);
  EXPECT_GT(CommonText("aa"), a);
  EXPECT_NE(a, b);
  EXPECT_EQ(a, "a");
  EXPECT_EQ(a, std::string("a"));
  EXPECT_NE(a, "A"sv);
  EXPECT_LT(a, "b");
  EXPECT_GT("aa"sv, a);
  EXPECT_LT(CommonText("a\x7f"), "a\x80"sv) << "bytes have no sign";
}

TEST(CommonText, ItGoesWithTheLastThatHasIt) {
  constexpr std::size_t kBytes = 64UL << 10U;
  constexpr int kTexts = 200;
  const CommonText stays = std::string(kBytes, 'x');
  const std::size_t before = allocated();
  for (int i = 0; i < kTexts; ++i) {
    const CommonText text = std::string(kBytes, 'x') + std::to_string(i);
    const CommonText copy = text;
    ASSERT_GE(allocated(), before + kBytes);
  }
  EXPECT_LT(allocated(), before + kBytes);
}

TEST(CommonText, ACopyOutlivesWhatItWasMadeOf) {
  auto first = std::make_unique<CommonText>(kLong);
  const CommonText copy = *first;
  CommonText assigned = "other";
  assigned = *first;
  first.reset();
  EXPECT_EQ(copy, kLong);
  EXPECT_EQ(assigned, kLong);
}

TEST(CommonText, OneThatWasMovedFromIsStillAText) {
  CommonText from = kLong;
  const CommonText to = std::move(from);
  EXPECT_EQ(to, kLong);
  EXPECT_EQ(from, kLong);  // NOLINT(bugprone-use-after-move): a move is a copy here
  const CommonText& itself = from;
  from = itself;
  EXPECT_EQ(from, kLong);
}

// A thread that hangs on a dead mount is left alone, and may go on while the program ends.
TEST(CommonTextDeathTest, AThreadMayMakeTextsWhileTheProgramEnds) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        for (int thread = 0; thread < 4; ++thread) {
          std::thread([] {
            for (int i = 0;; ++i) {
              const CommonText text = std::to_string(i % 100);
            }
          }).detach();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(CommonText, ThreadsMakeAndDropTheSameTexts) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 2000;
  std::vector<std::jthread> threads;
  std::vector<int> wrong(kThreads, 0);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int turn = 0; turn < kTurns; ++turn) {
        const std::string text = "text " + std::to_string(turn % 3);
        const CommonText one = text;
        const CommonText other = one;
        wrong.at(static_cast<std::size_t>(thread)) += other == CommonText(text) ? 0 : 1;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, std::vector<int>(kThreads, 0));
}

}  // namespace
}  // namespace sfb
