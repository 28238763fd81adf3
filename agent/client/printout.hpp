// What a command prints, and its exit code.
#pragma once

#include <string>

namespace sfb::client {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;

/// What goes where, and the exit code.
struct Printout {
  std::string out;  ///< stdout
  std::string err;  ///< stderr
  int exit_code = kGood;
};

}  // namespace sfb::client
