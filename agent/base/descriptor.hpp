// A file descriptor that closes itself, and the three that every program has.
#pragma once

namespace sfb {

/// Owns a file descriptor, or none: a negative number, as of a failed open. Thread rule: a value
/// of one owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { reset(); }
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    reset(other.release());
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }
  /// Gives the number away: the caller closes it.
  [[nodiscard]] int release();
  /// Closes what it holds and takes `fd` over.
  void reset(int fd = -1);

 private:
  int fd_;
};

/// Opens 0, 1 and 2 where they are missing. Otherwise another file could get number 2, and stderr's
/// text with it. Reading 0 and writing 1 then fail as on closed descriptors; text for 2 is lost.
/// False when /dev/null cannot be opened. Call this first in `main`.
bool open_missing_streams();

}  // namespace sfb
