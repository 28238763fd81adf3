// The process's exit codes.
#pragma once

namespace sfb::app {

inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;  ///< wrong usage

}  // namespace sfb::app
