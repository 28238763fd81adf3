// Anybody's request of a page of the API, or of one for people: it is answered, or refused with a
// 400 that says why.
#include "agent/http/request_reader.hpp"
#include "agent/serve/api_pairs.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/live_events.hpp"
#include "agent/serve/live_probe.hpp"
#include "agent/serve/page_answer.hpp"
#include "agent/serve/routes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
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

// Pages for people take what they are asked, and never fail.
bool is_page(const sfb::http::Response& response) {
  return (response.status == 200 || response.status == 404) && response.body &&
         !response.body->empty();
}

// Of the doors without parameters that are refused.
bool answers(const sfb::serve::Route& route, const sfb::http::Request& request,
             const sfb::status::Snapshot& snapshot) {
  using namespace sfb;
  using serve::Door;
  static const auto kFrom = [&] {
    serve::StatusSources from{.snapshot = std::make_shared<const status::Snapshot>(snapshot),
                              .frame = {.version = "1", .metrics_path = "/metrics", .now = {}}};
    from.runbooks = "http://x";
    from.max_bytes = 1U << 20U;
    from.history = {status::HistoryEntry{}};
    return from;
  }();
  const std::string_view in_path = serve::path_value(route, request.path);
  switch (route.door) {
    case Door::index:
      return is_page(serve::overview_page(kFrom, request.query));
    case Door::status:
      return is_page(serve::pool_status_page(kFrom, in_path));
    case Door::asset:
      return is_page(serve::asset_response(in_path));
    case Door::events:
      return serve::seen_by(request).size() <= request.query.size();
    default:
      return true;
  }
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
  if (route == nullptr) {
    return 0;
  }
  if (!serve::refuses_in_json(*route)) {
    if (!answers(*route, request, kSnapshot)) {
      std::abort();
    }
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
  if (route->door == serve::Door::probe) {
    static_cast<void>(serve::is_debug(*given));
    static_cast<void>(serve::max_age_of(*given));
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
