// Who wanted an evaluation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sfb::status {

enum class Trigger : std::uint8_t { schedule, query, probe };
std::string_view to_string(Trigger trigger);
/// Absent where no trigger is called so.
std::optional<Trigger> parse_trigger(std::string_view text);

}  // namespace sfb::status
