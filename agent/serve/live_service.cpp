// One request: the route, who may ask, the handler where the table says it runs, the counter.
#include "agent/serve/live_service.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/capped_text.hpp"
#include "agent/base/text.hpp"
#include "agent/format/choice.hpp"
#include "agent/serve/access_log.hpp"
#include "agent/serve/api_pairs.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/body_budget.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/live_pages.hpp"
#include "agent/serve/live_probe.hpp"
#include "agent/serve/live_query.hpp"
#include "agent/serve/live_refusals.hpp"
#include "agent/serve/openapi.hpp"
#include "agent/serve/pages.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/serve/query_render.hpp"
#include "agent/serve/request_ids.hpp"
#include "agent/serve/routes.hpp"
#include "agent/serve/scrape.hpp"
#include "agent/serve/targets_page.hpp"
#include "agent/serve/worker_problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

using RequestPtr = std::shared_ptr<const http::Request>;

/// The engine ends a query at its deadline; this much later the door stops waiting for the engine.
constexpr std::chrono::seconds kGrace{5};

/// The beginning of the codes of a page's refusals: `pools` of `/api/v1/pools/{fqdn}`.
std::string area_of(const Route& route) {
  constexpr std::string_view kApi = "/api/v1/";
  std::string_view path = route.pattern;
  path.remove_prefix(path.starts_with(kApi) ? kApi.size() : 1);
  return std::string(path.substr(0, path.find_first_of("/.")));
}

}  // namespace

struct Service::Impl {
  /// Changes at a reload; requests keep the one they began with.
  struct Settings {
    AccessOptions access;
    std::shared_ptr<const std::string> config_yaml;
    std::chrono::milliseconds query_timeout;
    std::size_t max_bytes;
    BodyBudget bodies;
    std::string runbooks;
    Elsewhere elsewhere;

    /// `before`: bodies that are still being sent count on.
    explicit Settings(ServiceOptions options, const Settings* before = nullptr)
        : access(std::move(options.access)),
          config_yaml(std::make_shared<const std::string>(std::move(options.config_yaml))),
          query_timeout(options.query_timeout),
          max_bytes(most_text(options.limits)),
          bodies(before != nullptr && before->bodies.is_of(options.budget)
                     ? before->bodies
                     : BodyBudget(options.budget)),
          runbooks(std::move(options.runbooks)),
          elsewhere(std::move(options.elsewhere)) {}
  };
  using SettingsPtr = std::shared_ptr<const Settings>;

  ServiceParts parts;
  SettingsPtr settings;
  LivePages pages;
  Doors doors;
  http::Response index;
  http::Response openapi;
  RequestIds ids;
  bool draining = false;
  RefusalLog refusals;
  Gate gate;
  Logger access;

  Impl(ServiceParts given, ServiceOptions options)
      : parts(std::move(given)),
        settings(std::make_shared<const Settings>(std::move(options))),
        pages(parts.board, parts.self, parts.pages, parts.clock),
        doors(parts.metrics_path),
        index(index_page(parts.version, parts.metrics_path)),
        openapi(json_response(openapi_json(parts.version))),
        refusals(parts.logger, parts.loop, parts.log_period),
        gate(parts.users, parts.self, parts.clock, parts.logger, parts.loop, parts.log_period),
        access(parts.logger.with_source("access")) {}

  asio::awaitable<http::Response> metrics(RequestPtr request) {
    const ScrapeForm form = scrape_form(*request);
    Result<Bytes> page = co_await pages.get(form.format.format, form.gzip);
    if (!page) {
      co_return worker_page(page.error());
    }
    http::Response response;
    response.headers = scrape_headers(form);
    response.body = std::move(*page);
    co_return response;
  }

  /// What a failure shows as the last known result: the scheduled question's last good answer;
  /// other questions have none that is kept for long. Only failures pay for the look.
  Known known_of(const collectors::Question& question,
                 const std::expected<status::Answer, status::Refusal>& outcome) {
    if (outcome && outcome->evaluation->good()) {
      return {};
    }
    const status::SnapshotPtr snapshot = parts.board.snapshot();
    const auto name = [](const status::PoolSnapshotPtr& pool) -> const Fqdn& {
      return pool->identity.fqdn;
    };
    const auto pool = std::ranges::lower_bound(snapshot->pools, question.pool, {}, name);
    if (pool == snapshot->pools.end() || name(*pool) != question.pool) {
      return {};
    }
    Known known{.last_good = {}, .expectation = (*pool)->identity.expectation};
    if (!question.is_scheduled()) {
      return known;
    }
    if (question.what == (*pool)->what) {
      known.last_good = (*pool)->last_good;
      return known;
    }
    const auto other = std::ranges::find_if(snapshot->others, [&](const auto& each) {
      return each->what == question.what && name(each) == question.pool;
    });
    known.last_good = other == snapshot->others.end() ? nullptr : (*other)->last_good;
    return known;
  }

  static asio::awaitable<http::Response> query(std::shared_ptr<Impl> self, RequestPtr request,
                                               SettingsPtr settings, Caller caller,
                                               std::string id) {
    if (const auto denied = check_access(*request, settings->access, caller)) {
      const Problem problem{.status = denied->status, .error = error_of(*denied)};
      co_return problem_response(guess_form(*request, id), problem, {});
    }
    auto parsed = parse_query_request(*request, id);
    if (!parsed) {
      co_return std::move(parsed.error());
    }
    const auto query = std::make_shared<const Query>(std::move(*parsed));
    status::Wish wish{
        .trigger = status::Trigger::query,
        .request_id = id,
        .max_age = query->max_age,
        .deadline = self->parts.clock.now().mono + settings->query_timeout,
        .render_width = format::leaves_text_to_server(query->choice) ? query->width : 0};
    auto outcome = co_await ask(self->parts.evaluator, query->question, std::move(wish),
                                settings->query_timeout + kGrace);
    const MonoTime now = self->parts.clock.now().mono;
    // Only whoever names a pool that there is not needs the names that there are.
    bool unknown = !outcome && outcome.error().error.reason == Reason::not_found;
    if (const PoolElsewhere* const other =
            unknown ? settings->elsewhere.find(query->question.pool) : nullptr) {
      outcome.error().error = other_shard(query->question.pool, *other, settings->elsewhere);
      unknown = false;
    }
    if (!outcome) {
      self->refusals.note(outcome.error().error);
    }
    auto known = self->known_of(query->question, outcome);
    auto render = [query, outcome = std::move(outcome), now, id, known = std::move(known), settings,
                   snapshot = unknown ? self->parts.board.snapshot()
                                      : nullptr]() mutable -> Result<http::Response> {
      if (snapshot) {
        known.near = near_pools(*snapshot, settings->elsewhere, query->question.pool);
      }
      return outcome ? render_answer(*query, *outcome, now, id, known, settings->max_bytes)
                     : render_refusal(*query, outcome.error(), now, id, known);
    };
    auto response = self->held(co_await self->parts.cpu.run(std::move(render)), *settings);
    if (!response) {
      Problem problem = worker_problem(std::move(response.error()));
      problem.pool = query->question.pool.str();
      co_return problem_response(form_of(*query, id), problem, now);
    }
    co_return std::move(*response);
  }

  /// The response with its share of limits.in_flight, or that there is none left.
  Result<http::Response> held(Result<http::Response> response, const Settings& now) {
    Status status = response ? now.bodies.hold(*response, parts.cut_slow_reader)
                             : std::unexpected(response.error());
    if (!status) {
      refusals.note(status.error());
      return std::unexpected(std::move(status).error());
    }
    return response;
  }

  /// A page of the API, made by a worker.
  template <typename Make>
  asio::awaitable<http::Response> api_page(Make make, SettingsPtr now) {
    auto render = [make = std::move(make)]() -> Result<http::Response> { return make(); };
    auto response = held(co_await parts.cpu.run(std::move(render)), *now);
    if (!response) {
      co_return worker_problem_json(response.error());
    }
    co_return std::move(*response);
  }

  /// A copy of what the page is made of goes to the worker: this object may be gone by then.
  asio::awaitable<http::Response> api(const Route& route, RequestPtr request, SettingsPtr now) {
    auto given = read_parameters(route.parameters, area_of(route), *request,
                                 path_value(route, request->path));
    if (!given) {
      co_return std::move(given.error());
    }
    if (route.door == Door::openapi) {
      co_return openapi;
    }
    status::SnapshotPtr snapshot = parts.board.snapshot();
    const Now moment = parts.clock.now();
    if (route.door == Door::pools) {
      co_return co_await api_page(
          [snapshot, given = std::move(*given), moment, now] {
            return pools_page(*snapshot, given, moment, now->runbooks);
          },
          now);
    }
    if (route.door == Door::targets) {
      co_return co_await api_page([snapshot] { return targets_page(*snapshot); }, now);
    }
    if (route.door == Door::pairs) {
      co_return co_await api_page([snapshot, given = std::move(*given),
                                   now] { return pairs_page(*snapshot, now->elsewhere, given); },
                                  now);
    }
    const Fqdn name = *given->get<Fqdn>(route.door == Door::pool ? "fqdn" : "PoolFqdn");
    if (route.door == Door::pool) {
      co_return co_await api_page(
          [snapshot, name, moment, now] {
            const status::PoolSnapshotPtr pool = find_pool(*snapshot, name);
            return pool ? pool_page(*snapshot, *pool, moment, now->runbooks)
                        : no_such_pool(*snapshot, now->elsewhere, name);
          },
          now);
    }
    co_return co_await api_page(
        [snapshot, name, now, given = std::move(*given), entries = parts.board.history(name)] {
          return entries ? history_page(name, *entries, given)
                         : no_such_pool(*snapshot, now->elsewhere, name);
        },
        now);
  }

  asio::awaitable<http::Response> probe(const Route& route, RequestPtr request, SettingsPtr now,
                                        std::string id) {
    auto given = read_parameters(route.parameters, area_of(route), *request);
    if (!given) {
      co_return std::move(given.error());
    }
    const Probe asked{*given->get<Fqdn>("target"), is_debug(*given), std::move(id), request};
    const ProbeParts work{parts.evaluator, parts.board, parts.pages, parts.clock, refusals};
    const ProbeLimits limits{now->query_timeout, parts.timeout_offset, now->max_bytes,
                             now->elsewhere};
    auto response = held(co_await probe_page(work, asked, limits), *now);
    co_return response ? std::move(*response) : worker_problem_json(response.error());
  }

  /// nullopt: go on. The query renders its own refusal.
  static std::optional<Denied> check(const Route& route, const http::Request& request,
                                     const AccessOptions& access, const Caller& caller) {
    switch (route.guard) {
      case Guard::open:
        return std::nullopt;
      case Guard::origin:
        return check_origin(request, access);
      case Guard::caller:
        return route.door == Door::query ? std::nullopt : check_access(request, access, caller);
    }
    return Denied{};
  }

  static asio::awaitable<http::Response> answer(std::shared_ptr<Impl> self, const Route* route,
                                                RequestPtr request, Caller caller, std::string id) {
    if (route == nullptr) {
      co_return unknown_path(request->path);
    }
    if (!allows(*route, request->method)) {
      co_return wrong_method(*route);
    }
    const SettingsPtr settings = self->settings;
    if (const auto denied = check(*route, *request, settings->access, caller)) {
      co_return denied_page(*denied, speaks_json(*route));
    }
    switch (route->door) {
      case Door::index:
        co_return self->index;
      case Door::metrics:
        co_return co_await self->metrics(request);
      case Door::query:
        co_return co_await query(self, request, settings, std::move(caller), std::move(id));
      case Door::pools:
      case Door::pool:
      case Door::pairs:
      case Door::history:
      case Door::openapi:
      case Door::targets:
        co_return co_await self->api(*route, request, settings);
      case Door::probe:
        co_return co_await self->probe(*route, request, settings, std::move(id));
      case Door::config:
        co_return config_page(settings->config_yaml);
      case Door::healthy:
        co_return healthy_page();
      case Door::ready:
        co_return ready_page(self->parts.board.first_cycle_done(), self->draining);
      case Door::reload:
        co_return co_await reload_page(*request, self->parts.reload, self->parts.logger);
    }
    co_return unknown_path();
  }

  static asio::awaitable<http::Response> handle(std::shared_ptr<Impl> self, RequestPtr request,
                                                bool openly) {
    const MonoTime start = self->parts.clock.now().mono;
    const Route* route = self->doors.find(request->path);
    const std::string id = self->ids.of(*request);
    auto caller = openly ? Caller{} : co_await self->gate.pass(request, route, id);
    http::Response response;
    if (caller) {
      response = co_await answer(self, route, request, *caller, id);
    } else {
      response = std::move(caller.error());
    }
    if (!openly) {
      self->gate.finish(response);
    }
    // A query has it already; scrapes and probes need none.
    if ((route == nullptr || route->guard != Guard::open) && !response.header("X-Request-Id")) {
      response.headers.push_back({"X-Request-Id", id});
    }
    self->parts.self->http_request(route == nullptr ? "other" : route->pattern, response.status);
    const auto took = self->parts.clock.now().mono - start;
    if (caller && route != nullptr && route->door == Door::query) {
      self->access.log(LogLevel::info, "query",
                       query_fields(*request, *caller, id, response, took));
    }
    if (self->parts.logger.enabled(LogLevel::debug)) {
      self->parts.logger.debug("request", {{"method", request->method},
                                           {"path", request->path},
                                           {"status", std::to_string(response.status)},
                                           {"duration", fmt::format("{:.6f}", to_seconds(took))},
                                           {"peer", request->peer.address},
                                           {"request_id", id}});
    }
    co_return response;
  }
};

Service::Service(ServiceParts parts, ServiceOptions options)
    : impl_(std::make_shared<Impl>(std::move(parts), std::move(options))) {}

Service::~Service() = default;

boost::asio::awaitable<http::Response> Service::handle(
    std::shared_ptr<const http::Request> request) {
  return Impl::handle(impl_, std::move(request), false);
}

boost::asio::awaitable<http::Response> Service::handle_openly(
    std::shared_ptr<const http::Request> request) {
  return Impl::handle(impl_, std::move(request), true);
}

void Service::reconfigure(ServiceOptions options) {
  impl_->settings =
      std::make_shared<const Impl::Settings>(std::move(options), impl_->settings.get());
}

void Service::set_web(WebOptions options) {
  impl_->gate.reconfigure(std::move(options));
}

void Service::set_draining() {
  impl_->draining = true;
  impl_->gate.stop();
  impl_->refusals.stop();
}

}  // namespace sfb::serve
