// What is wrong beside an answer that is good all the same.
#pragma once

#include <string>

namespace sfb {

/// Empty where there is nothing to say. Our own words, as an Error's.
struct Note {
  std::string code = {};     ///< `area.what` (`file.clock_skew`)
  std::string message = {};  ///< names the thing and the place
  std::string remedy = {};   ///< what to do about it

  bool empty() const { return code.empty(); }
};

}  // namespace sfb
