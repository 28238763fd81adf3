// Values as the web configuration file of Prometheus' exporters has them: Go reads them there.
#pragma once

#include "config/fields.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::config {

/// The largest web configuration file, and the largest file that it names.
inline constexpr std::size_t kMaxWebFile = 1UL << 20U;

/// Like Section::text, but a key without a value and an empty text count as absent.
std::optional<std::string> optional_text(Section& section, std::string_view name);

/// Like Section::boolean, with all words of YAML 1.1 (`yes`, `On`), which Go's reader takes.
std::optional<bool> optional_boolean(Section& section, std::string_view name);

/// A list of texts; a key without a value counts as absent. Reports an empty text in it.
std::optional<std::vector<std::string>> optional_texts(Section& section, std::string_view name);

/// A time as Go writes it (`1s`, `1m30s`, `1.5h`, `250ms`, `10us`, `0`), 0 to 24 hours. A number
/// without a unit, which Go reads as nanoseconds, is refused unless it is 0.
std::optional<std::chrono::nanoseconds> go_duration(Section& section, std::string_view name);

}  // namespace sfb::config
