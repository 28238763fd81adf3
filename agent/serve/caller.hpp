// Who asks, as far as that is proven.
#pragma once

#include <string>

namespace sfb::serve {

struct Caller {
  std::string user = {};  ///< of basic_auth_users, and the password was right; empty: nobody
};

}  // namespace sfb::serve
