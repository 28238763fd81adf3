// A file descriptor that closes itself.
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

}  // namespace sfb
