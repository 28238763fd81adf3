// gzip of finished pages by ISA-L, level 1. Thread rule: pure function.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <string_view>

namespace sfb::exposition {

/// A complete gzip member. Reason::internal if the library fails, which should never happen.
Result<std::string> gzip(std::string_view bytes);

}  // namespace sfb::exposition
