// gzip of finished pages by ISA-L, level 1. Thread rule: pure function.
#pragma once

#include "agent/base/error.hpp"

#include <string>
#include <string_view>

namespace sfb::exposition {

/// A complete gzip member. Reason::internal when the library refuses, which it never should.
Result<std::string> gzip(std::string_view bytes);

}  // namespace sfb::exposition
