// Shows descriptors that were not closed.
#pragma once

#include <cstddef>
#include <filesystem>

namespace sfb::os {

/// Descriptors this process has open.
inline std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

}  // namespace sfb::os
