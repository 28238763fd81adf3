// A file descriptor that closes itself, and the three that every program has.
#pragma once

namespace sfb {

/// Owns a file descriptor; -1 or another negative number (a failed open): none. Thread rule: a
/// value of one owner.
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

/// Opens 0, 1 and 2 where they are missing, so that nothing else gets their numbers and with them
/// what belongs on stderr. Reading 0 and writing 1 fail then as they would on closed ones; what is
/// written to 2 is lost. False when /dev/null cannot be opened. To be called first in `main`.
bool open_missing_streams();

}  // namespace sfb
