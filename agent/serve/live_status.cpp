#include "agent/serve/live_status.hpp"

#include "agent/serve/pages.hpp"
#include "agent/serve/scrape.hpp"
#include "agent/serve/worker_problem.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

using Overviews = Shared<http::Response>;
using PartsPtr = std::shared_ptr<const StatusParts>;
using StatusRequestPtr = std::shared_ptr<const http::Request>;
using StatusSettingsPtr = std::shared_ptr<const LiveSettings>;

StatusSources sources_of(const StatusParts& parts, const LiveSettings& settings) {
  return {.snapshot = parts.board.snapshot(),
          .frame = {parts.version, parts.metrics_path, parts.clock.now()},
          .elsewhere = settings.elsewhere,
          .runbooks = settings.runbooks,
          .max_bytes = settings.max_bytes};
}

asio::awaitable<Result<Overviews::Made>> make_overview(PartsPtr parts, StatusRequestPtr request,
                                                       StatusSettingsPtr settings,
                                                       StatusDoor::Hold hold) {
  StatusSources from = sources_of(*parts, *settings);
  const SharedVersion version{from.snapshot->version, settings->number};
  const MonoTime when = from.frame.now.mono;
  auto render = [from = std::move(from), request]() -> Result<http::Response> {
    return packed_for(*request, overview_page(from, request->query));
  };
  auto page = hold(co_await parts->cpu.run(std::move(render)), *settings);
  if (!page) {
    co_return std::unexpected(std::move(page.error()));
  }
  co_return Overviews::Made{std::move(*page), version, when};
}

asio::awaitable<Result<Overviews::Made>> make_refusal(PartsPtr parts, StatusSettingsPtr settings,
                                                      Denied denied) {
  const PageFrame frame{parts->version, parts->metrics_path, parts->clock.now()};
  const MonoTime when = frame.now.mono;
  auto page =
      co_await parts->cpu.run([frame, denied = std::move(denied)]() -> Result<http::Response> {
        return refused_status(frame, denied);
      });
  if (!page) {
    co_return std::unexpected(std::move(page.error()));
  }
  co_return Overviews::Made{std::move(*page), {0, settings->number}, when};
}

asio::awaitable<Result<http::Response>> make_pool(PartsPtr parts, std::string pool,
                                                  StatusRequestPtr request,
                                                  StatusSettingsPtr settings,
                                                  StatusDoor::Hold hold) {
  StatusSources from = sources_of(*parts, *settings);
  if (const auto name = Fqdn::parse(pool)) {
    from.history = parts->board.history(*name);
  }
  auto render = [from = std::move(from), pool, request]() -> Result<http::Response> {
    return packed_for(*request, pool_status_page(from, pool));
  };
  co_return hold(co_await parts->cpu.run(std::move(render)), *settings);
}

}  // namespace

template <typename Key>
Shared<http::Response> StatusDoor::page_of(std::vector<Kept<Key>>& kept, const Key& key) {
  const auto found = std::ranges::find(kept, key, &Kept<Key>::key);
  if (found != kept.end()) {
    return found->page;
  }
  if (kept.size() >= kMostKinds) {
    kept.erase(kept.begin());  // those who wait for it have it still
  }
  kept.push_back({.key = key});
  return kept.back().page;
}

asio::awaitable<http::Response> StatusDoor::refused(StatusSettingsPtr settings, Denied denied) {
  if (denied.code == "access.login") {
    denied.remedy = login_remedy(settings->ways);
  }
  const PartsPtr parts = parts_;
  Overviews pages = page_of(refusals_, denied);
  auto page = co_await pages.get(
      {0, settings->number}, parts->clock.now().mono,
      [parts, settings, denied] { return make_refusal(parts, settings, denied); });
  co_return page ? std::move(*page) : denied_page(denied, false);
}

asio::awaitable<http::Response> StatusDoor::answer(const Route& route, StatusRequestPtr request,
                                                   StatusSettingsPtr settings,
                                                   access::Caller caller, Hold hold) {
  if (const auto denied = check_access(*request, settings->access, caller)) {
    http::Response page = co_await refused(settings, *denied);
    if (route.door == Door::index && page.status != 401 && caller.proof == access::Proof::none) {
      page.status = 200;  // the page is there, its pools are not
      page.headers.push_back({"X-Outcome", "failed"});
      page.headers.push_back({"X-Reason", "forbidden"});
    }
    co_return page;
  }
  const PartsPtr parts = parts_;
  const std::string pool(path_value(route, request->path));
  Result<http::Response> page;
  if (pool.empty()) {
    const SharedVersion wanted{parts->board.snapshot()->version, settings->number};
    Overviews overviews =
        page_of(kept_, Kind{read_page_filter(request->query), scrape_form(*request).gzip});
    page = co_await overviews.get(
        wanted, parts->clock.now().mono,
        [parts, request, settings, hold] { return make_overview(parts, request, settings, hold); });
  } else {
    page = co_await make_pool(parts, pool, request, settings, hold);
  }
  co_return page ? std::move(*page) : worker_page(page.error());
}

void StatusDoor::drop_outdated(MonoTime now) {
  for (auto& each : kept_) {
    each.page.drop_outdated(now);
  }
  for (auto& each : refusals_) {
    each.page.drop_outdated(now);
  }
}

}  // namespace sfb::serve
