// The query of anybody's request: it is understood, or refused with a 400 that says why.
#include "agent/http/request_reader.hpp"
#include "agent/serve/query_parse.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kLongest = 16U << 10U;  // the server's header limit
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  sfb::http::Request request;
  request.method = "GET";
  if (size > kLongest || !sfb::http::split_target(request, target)) {
    return 0;
  }
  const auto query = sfb::serve::parse_query_request(request, "fuzz");
  if (query) {
    if (query->question.pool.str().empty() || query->width < 20 || query->width > 500 ||
        sfb::format::misfit(query->choice)) {
      std::abort();
    }
  } else if (query.error().status != 400 || !query.error().body || query.error().body->empty()) {
    std::abort();
  }
  return 0;
}
