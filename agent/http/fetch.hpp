// One blocking HTTP request with a loop of its own, for command lines.
#pragma once

#include "agent/base/error.hpp"
#include "agent/http/client_stream.hpp"
#include "agent/http/types.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace sfb::http {

/// Where to ask; `url` is what parse_client_target (client.hpp) reads.
struct FetchOptions {
  std::string url;
  std::vector<Header> headers;
  std::chrono::seconds timeout{75};
  std::size_t max_bytes = 64UL << 20U;  ///< largest body taken
  ClientIdentity identity = {};
};

/// The whole answer, any status; errors as `get` and `parse_client_target` of client.hpp. Blocks;
/// not for the loop thread.
Result<Response> fetch(const FetchOptions& options, const std::string& target);

}  // namespace sfb::http
