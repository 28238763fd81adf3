// A file descriptor that closes itself, and the three that every program has.
#pragma once

#include <unistd.h>

namespace sfb {

/// Thread rule: a value of one owner.
class Descriptor {
 public:
  /// Takes `fd` over; a negative one (a failed open) is fine and closes nothing.
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Opens 0, 1 and 2 where they are missing, so that nothing else gets their numbers and with them
/// what belongs on stderr. Reading 0 and writing 1 fail then as they would on closed ones; what is
/// written to 2 is lost. False when /dev/null cannot be opened. To be called first in `main`.
bool open_missing_streams();

}  // namespace sfb
