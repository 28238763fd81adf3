#include "agent/base/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <utility>

namespace sfb {
namespace {

// As an exit status: a bit for each stream that is as it should be.
int streams_behind(bool in, bool out, bool err) {
  for (const auto& [fd, kept] : {std::pair{0, in}, {1, out}, {2, err}}) {
    if (!kept) {
      ::close(fd);
    }
  }
  if (!open_missing_streams()) {
    return 8;
  }
  char byte = 'x';
  const bool good_in = in || ::read(0, &byte, 1) < 0;
  const bool good_out = out || ::write(1, &byte, 1) < 0;
  const bool good_err = ::write(2, &byte, err ? 0 : 1) >= 0;
  // The next one is nobody's stream.
  const int next = ::open("/dev/null", O_RDONLY);
  return (good_in ? 1 : 0) + (good_out ? 2 : 0) + (good_err ? 4 : 0) + (next > 2 ? 0 : 16);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

int opened() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

TEST(Descriptor, ClosesWhatItOwns) {
  int fd = -1;
  {
    const Descriptor owner(opened());
    fd = owner.get();
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
  EXPECT_EQ(Descriptor().get(), -1);
}

TEST(Descriptor, MovesReleasesAndResets) {
  Descriptor from(opened());
  const int first = from.get();
  Descriptor to(opened());
  const int second = to.get();
  to = std::move(from);
  EXPECT_EQ(to.get(), first);
  EXPECT_FALSE(is_open(second));
  const Descriptor moved(std::move(to));
  EXPECT_TRUE(is_open(first));

  Descriptor kept(opened());
  const int number = kept.release();
  EXPECT_EQ(kept.get(), -1);
  EXPECT_TRUE(is_open(number));
  kept.reset(number);
  kept.reset();
  EXPECT_FALSE(is_open(number));
}

TEST(Descriptor, MissingStreamsAreOpened) {
  for (int kept = 0; kept < 8; ++kept) {
    const bool in = (kept & 1) != 0;
    const bool out = (kept & 2) != 0;
    const bool err = (kept & 4) != 0;
    EXPECT_EXIT(std::_Exit(streams_behind(in, out, err)), testing::ExitedWithCode(7), "")
        << in << out << err;
  }
}

}  // namespace
}  // namespace sfb
