#include "agent/base/descriptor.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

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
