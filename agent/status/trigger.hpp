// Who wanted an evaluation.
#pragma once

#include <cstdint>
#include <string_view>

namespace sfb::status {

enum class Trigger : std::uint8_t { schedule, query, probe };
std::string_view to_string(Trigger trigger);

}  // namespace sfb::status
