#include "agent/psrp/fragment.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sfb::psrp {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string joined(const std::vector<std::string>& fragments) {
  std::string all;
  for (const std::string& fragment : fragments) {
    all += fragment;
  }
  return all;
}

std::string code_of(const Result<std::vector<std::string>>& result) {
  return result ? "good" : result.error().code;
}

TEST(Fragment, HeaderIsBigEndian) {
  const auto fragments = make_fragments(0x0102030405060708U, "ab");
  ASSERT_EQ(fragments.size(), 1);
  EXPECT_EQ(fragments[0], std::string("\x01\x02\x03\x04\x05\x06\x07\x08"
                                      "\0\0\0\0\0\0\0\0\x03\0\0\0\x02"
                                      "ab",
                                      23));
}

TEST(Fragment, SplitsWithIdsAndFlags) {
  const auto fragments = make_fragments(1, std::string(7, 'x'), 3);
  ASSERT_EQ(fragments.size(), 3);
  EXPECT_EQ(fragments[0][16], 1);
  EXPECT_EQ(fragments[1][16], 0);
  EXPECT_EQ(fragments[2][16], 2);
  EXPECT_EQ(fragments[1][15], 1);
  EXPECT_EQ(fragments[2].size(), kFragmentHeader + 1);
  EXPECT_EQ(make_fragments(1, std::string(6, 'x'), 3).size(), 2);
  EXPECT_EQ(make_fragments(1, "").size(), 1);
  EXPECT_EQ(make_fragments(1, std::string(kMaxBlob + 1, 'x')).front().size(), 32768);
}

TEST(Defragmenter, ObjectsMayInterleaveAndIdsRepeat) {
  const auto a = make_fragments(5, "aaaa", 2);
  const auto b = make_fragments(9, "bbbb", 2);
  Defragmenter input{{}};
  EXPECT_THAT(*input.feed(a[0] + b[0]), IsEmpty());
  EXPECT_FALSE(input.idle());
  EXPECT_THAT(*input.feed(b[1] + a[1]), ElementsAre("bbbb", "aaaa"));
  EXPECT_TRUE(input.idle());
  EXPECT_EQ(input.held(), 0);
  EXPECT_THAT(*input.feed(joined(a)), ElementsAre("aaaa"));
  EXPECT_THAT(*input.feed(joined(make_fragments(1, ""))), ElementsAre(""));
}

TEST(Defragmenter, EveryCut) {
  const std::string bytes = joined(make_fragments(1, "first", 2)) + joined(make_fragments(2, "")) +
                            joined(make_fragments(3, "third"));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Defragmenter input{{}};
    auto messages = *input.feed(bytes.substr(0, cut));
    for (const std::string& message : *input.feed(bytes.substr(cut))) {
      messages.push_back(message);
    }
    EXPECT_THAT(messages, ElementsAre("first", "", "third")) << cut;
    EXPECT_TRUE(input.idle());
  }
}

TEST(Defragmenter, GapsAreErrorsForEver) {
  const auto parts = make_fragments(1, "aabbcc", 2);
  const std::vector<std::string> wrong = {parts[1], parts[0] + parts[2], parts[0] + parts[0],
                                          parts[0] + parts[1] + parts[1]};
  for (const std::string& bytes : wrong) {
    Defragmenter input{{}};
    EXPECT_EQ(code_of(input.feed(bytes)), "psrp.fragment_gap");
    EXPECT_EQ(code_of(input.feed(joined(parts))), "psrp.fragment_gap");
  }
}

TEST(Defragmenter, WhoWantsToKnowIsToldWhichObjectsBegin) {
  std::vector<std::uint64_t> begun;
  Defragmenter input({}, [&](std::uint64_t object) { begun.push_back(object); });
  for (const std::uint64_t object : {2U, 3U, 7U, 3U}) {
    EXPECT_EQ(code_of(input.feed(joined(make_fragments(object, "text", 2)))), "good");
  }
  EXPECT_THAT(begun, ::testing::ElementsAre(2, 3, 7, 3)) << "a gap is no error";
}

TEST(Defragmenter, UnknownFlags) {
  std::string bytes = make_fragments(1, "a").front();
  bytes[16] = 7;
  Defragmenter input{{}};
  EXPECT_EQ(code_of(input.feed(bytes)), "psrp.fragment_flags");
}

// As where base64 was cut: what is read as a header begins in the middle of something.
TEST(Defragmenter, AfterALossNoLimitIsTheMatter) {
  const std::string first = make_fragments(1, std::string(1000, '\x7F')).front();
  const std::string second = make_fragments(2, std::string(1000, '\x7F')).front();
  for (std::size_t lost = 1; lost < 900; lost += 13) {
    Defragmenter input{FragmentLimits{.object = 2000, .total = 4000, .open_objects = 2}};
    const auto taken =
        input.feed(first.substr(0, first.size() - lost) + second + std::string(3000, '\x7F'));
    ASSERT_FALSE(taken) << lost;
    EXPECT_THAT(taken.error().code, ::testing::StartsWith("psrp.fragment_")) << lost;
    EXPECT_FALSE(taken.error().remedy.contains("limits")) << taken.error().remedy;
  }
}

TEST(Defragmenter, CapsHoldAndClaimsCostNothing) {
  const FragmentLimits limits{.object = 10, .total = 15, .open_objects = 2};
  Defragmenter large{limits};
  EXPECT_EQ(code_of(large.feed(joined(make_fragments(1, std::string(11, 'x'), 4)))),
            "psrp.too_large");
  Defragmenter exact{limits};
  EXPECT_EQ(code_of(exact.feed(joined(make_fragments(1, std::string(10, 'x'), 4)))), "good");
  std::string claim = make_fragments(1, "a").front();
  claim[17] = '\x7F';
  Defragmenter claimed{limits};
  EXPECT_EQ(code_of(claimed.feed(claim)), "psrp.too_large");
  Defragmenter many{limits};
  EXPECT_EQ(code_of(many.feed(make_fragments(1, "aa", 1)[0] + make_fragments(2, "aa", 1)[0])),
            "good");
  EXPECT_EQ(code_of(many.feed(make_fragments(3, "aa", 1)[0])), "psrp.too_large");
  Defragmenter total{limits};
  EXPECT_EQ(code_of(total.feed(make_fragments(1, std::string(9, 'x'), 8)[0])), "good");
  EXPECT_EQ(code_of(total.feed(make_fragments(2, std::string(9, 'x'), 8)[0])), "psrp.too_large");
}

}  // namespace
}  // namespace sfb::psrp
