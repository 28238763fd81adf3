// Codes of WS-Management's faults that more than one file answers with.
#pragma once

#include <cstdint>

namespace sim {

inline constexpr std::uint32_t kBadAction = 2150858753;
inline constexpr std::uint32_t kBadSchema = 2150858817;

}  // namespace sim
