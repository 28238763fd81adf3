// Anybody's request of a page of the API: it is answered, or refused with a 400 that says why.
#include "agent/http/request_reader.hpp"
#include "agent/serve/api_pairs.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

// Two pools that name each other, nothing known of them, and one line of history.
sfb::status::Snapshot two_pools() {
  using namespace sfb;
  status::Snapshot snapshot;
  for (const auto& [name, partner] :
       {std::pair("a.example.com", "b.example.com"), std::pair("b.example.com", "a.example.com")}) {
    status::PoolIdentity identity{.fqdn = Fqdn::parse(name).value(),
                                  .paired_pool = partner,
                                  .site = "Here",
                                  .deployment = "corp",
                                  .endpoint = "e",
                                  .transport = "file",
                                  .expectation = {}};
    status::Knowledge knowledge(identity, collectors::pool_status(), {});
    snapshot.pools.push_back(knowledge.snapshot({}));
  }
  return snapshot;
}

bool is_json(const sfb::http::Response& response) {
  return response.body && response.body->starts_with('{') && response.body->ends_with("}\n");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sfb;
  static const status::Snapshot kSnapshot = two_pools();
  constexpr std::size_t kLongest = 16U << 10U;  // the server's header limit
  const std::string_view target(reinterpret_cast<const char*>(data), size);
  http::Request request;
  request.method = "GET";
  if (size > kLongest || !http::split_target(request, target)) {
    return 0;
  }
  const serve::Route* const route = serve::find_route(request.path);
  if (route == nullptr || !serve::refuses_in_json(*route)) {
    return 0;
  }
  const auto given = serve::read_parameters(route->parameters, "fuzz", request,
                                            serve::path_value(*route, request.path));
  if (!given) {
    if (given.error().status != 400 || !is_json(given.error())) {
      std::abort();
    }
    return 0;
  }
  const Fqdn& first = kSnapshot.pools.front()->identity.fqdn;
  const bool good = is_json(serve::pools_page(kSnapshot, *given, {}, "http://x")) &&
                    is_json(serve::pairs_page(kSnapshot, {}, *given)) &&
                    is_json(serve::history_page(first, {status::HistoryEntry{}}, *given));
  if (const auto* const name = given->get<Fqdn>("fqdn")) {
    serve::near_pools(kSnapshot, {}, *name);
    serve::find_pool(kSnapshot, *name);
  }
  if (!good) {
    std::abort();
  }
  return 0;
}
