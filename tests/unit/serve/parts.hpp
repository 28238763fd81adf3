// A body that comes in parts, whole.
#pragma once

#include "agent/http/body_parts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sfb::serve::testing {

/// To its end, which must be where it says.
inline std::string all_of(http::BodyParts& parts) {
  std::string all;
  for (bool more = true; more;) {
    const std::size_t before = all.size();
    for (const std::string_view part : parts.next()) {
      all += part;
    }
    more = all.size() != before;
  }
  EXPECT_EQ(all.size(), parts.size());
  return all;
}

}  // namespace sfb::serve::testing
