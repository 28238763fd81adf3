// One request: the route, who may ask, the handler where the table says it runs, the counter.
#include "agent/serve/live_service.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/format/choice.hpp"
#include "agent/http/request_ids.hpp"
#include "agent/serve/api_pairs.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/form.hpp"
#include "agent/serve/history_page.hpp"
#include "agent/serve/known_of.hpp"
#include "agent/serve/live_access_log.hpp"
#include "agent/serve/live_events.hpp"
#include "agent/serve/live_pages.hpp"
#include "agent/serve/live_probe.hpp"
#include "agent/serve/live_query.hpp"
#include "agent/serve/live_refusals.hpp"
#include "agent/serve/live_scrape.hpp"
#include "agent/serve/live_settings.hpp"
#include "agent/serve/live_status.hpp"
#include "agent/serve/openapi.hpp"
#include "agent/serve/pages.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/query_parse.hpp"
#include "agent/serve/query_render.hpp"
#include "agent/serve/routes.hpp"
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

}  // namespace

struct Service::Impl {
  using Settings = LiveSettings;
  using SettingsPtr = std::shared_ptr<const Settings>;

  ServiceParts parts;
  SettingsPtr settings;
  LivePages pages;
  LiveEvents events;
  StatusDoor status_pages;
  Doors doors;
  http::Response openapi;
  http::RequestIds ids;
  bool draining = false;
  RefusalLog refusals;
  Gate gate;
  AccessLog access;
  PushDoor pushes;

  Impl(ServiceParts given, ServiceOptions options)
      : parts(std::move(given)),
        settings(std::make_shared<const Settings>(options)),
        pages(parts.board, parts.self, parts.pages, parts.clock),
        events(parts.board, parts.cpu, parts.event_pace),
        status_pages({parts.board, parts.cpu, parts.clock, parts.version, parts.metrics_path}),
        doors(parts.metrics_path),
        openapi(json_response(openapi_json(parts.version))),
        refusals(parts.logger, parts.loop, parts.log_period),
        gate(parts.users, parts.tokens, parts.self, parts.clock, parts.logger, parts.loop,
             parts.log_period),
        access(parts.logger.with_source("access"), parts.clock, parts.loop, parts.log_period),
        pushes(parts.push, parts.clock, parts.logger.with_source("access")) {
    gate.identify(std::move(options.identities));
    pushes.reconfigure(std::move(options.push));
  }

  /// No line of the log belongs to it: a scrape is in none but that of debugging.
  bool ready(const http::Request& request, http::Response& response) {
    const Route* const route = doors.find(request.path);
    if (route == nullptr || route->door != Door::metrics || request.method != "GET" ||
        !gate.is_open(request) || parts.logger.enabled(LogLevel::debug) ||
        !ready_metrics(pages, request, ids, response)) {
      return false;
    }
    parts.self->http_request(route->pattern, response.status);
    return true;
  }

  static asio::awaitable<http::Response> query(std::shared_ptr<Impl> self, RequestPtr request,
                                               SettingsPtr settings, access::Caller caller,
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
    status::Wish wish{.trigger = status::Trigger::query,
                      .request_id = id,
                      .max_age = query->max_age,
                      .deadline = self->parts.clock.now().mono + settings->query_timeout,
                      .render = format::text_by_server(query->choice, query->width)};
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
    Known known;
    if (!outcome || !outcome->evaluation->good()) {
      known = known_of(*self->parts.board.snapshot(), query->question);
    }
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
    const std::string_view parameter = pool_parameter(route);
    const Fqdn name = *given->get<Fqdn>(std::string(parameter));
    if (route.door == Door::pool) {
      co_return co_await api_page(
          [snapshot, name, moment, now, parameter] {
            const status::PoolSnapshotPtr pool = find_pool(*snapshot, name);
            return pool ? pool_page(*snapshot, *pool, moment, now->runbooks)
                        : no_such_pool(*snapshot, now->elsewhere, name, parameter);
          },
          now);
    }
    co_return co_await api_page(
        [snapshot, name, now, parameter, given = std::move(*given),
         entries = parts.board.history(name)] {
          return entries ? history_page(name, *entries, given)
                         : no_such_pool(*snapshot, now->elsewhere, name, parameter);
        },
        now);
  }

  asio::awaitable<http::Response> probe(const Route& route, RequestPtr request, SettingsPtr now,
                                        std::string id) {
    auto given = read_parameters(route.parameters, area_of(route), *request);
    if (!given) {
      co_return std::move(given.error());
    }
    const Probe asked{*given->get<Fqdn>(std::string(kTarget)), is_debug(*given), max_age_of(*given),
                      std::move(id), request};
    const ProbeParts work{parts.evaluator, parts.board, parts.pages, parts.clock, refusals};
    const ProbeLimits limits{now->query_timeout, parts.timeout_offset, now->max_bytes,
                             now->elsewhere};
    auto response = held(co_await probe_page(work, asked, limits), *now);
    co_return response ? std::move(*response) : worker_problem_json(response.error());
  }

  static asio::awaitable<http::Response> answer(std::shared_ptr<Impl> self, const Route* route,
                                                RequestPtr request, access::Caller caller,
                                                std::string id) {
    if (route == nullptr) {
      co_return unknown_path(request->path);
    }
    if (!allows(*route, request->method)) {
      co_return wrong_method(*route);
    }
    const SettingsPtr settings = self->settings;
    // The page of a pool says itself who may see it, as `/` does.
    const auto denied = route->door == Door::status
                            ? check_origin(*request, settings->access)
                            : check_door(*route, *request, settings->access, caller);
    if (denied) {
      co_return denied_page(*denied, refuses_in_json(*route));
    }
    switch (route->door) {
      case Door::index:
      case Door::status:
        co_return co_await self->status_pages.answer(
            *route, request, settings, std::move(caller),
            [self](Result<http::Response> page, const Settings& now) {
              return self->held(std::move(page), now);
            });
      case Door::asset:
        co_return unless_known(asset_response(path_value(*route, request->path)), *request);
      case Door::events:
        co_return co_await self->events.next(request);
      case Door::metrics:
        co_return co_await metrics_response(self->pages, request);
      case Door::query:
        co_return co_await query(self, request, settings, std::move(caller), std::move(id));
      case Door::pools:
      case Door::pool:
      case Door::pairs:
      case Door::history:
      case Door::openapi:
      case Door::targets:
        co_return co_await self->api(*route, request, settings);
      case Door::exports:
        co_return co_await self->pushes.answer(*route, request, std::move(caller),
                                               settings->access.provable, settings->elsewhere,
                                               std::move(id));
      case Door::probe:
        co_return co_await self->probe(*route, request, settings, std::move(id));
      case Door::config:
        co_return config_page(settings->config_yaml);
      case Door::healthy:
        co_return healthy_page();
      case Door::ready:
        co_return ready_page(self->parts.board.first_cycle_done(), self->draining);
      case Door::reload:
        co_return co_await reload_page(*request, self->parts.reload, self->parts.logger, id);
    }
    co_return unknown_path();
  }

  static asio::awaitable<http::Response> handle(std::shared_ptr<Impl> self, RequestPtr request,
                                                bool openly) {
    const MonoTime start = self->parts.clock.now().mono;
    self->status_pages.drop_outdated(start);
    const Route* route = self->doors.find(request->path);
    const std::string id = self->ids.of(*request);
    auto passed = openly ? Admission{} : co_await self->gate.pass(request, route, id);
    http::Response response;
    if (passed) {
      response = co_await answer(self, route, request, passed->caller, id);
    } else {
      response = std::move(passed.error());
    }
    if (!openly) {
      self->gate.finish(response, passed ? passed->reply_token : "");
    }
    if (response.header("X-Request-Id") == nullptr) {  // a query has it already
      response.headers.push_back({"X-Request-Id", id});
    }
    self->parts.self->http_request(route == nullptr ? "other" : route->pattern, response.status);
    const auto took = self->parts.clock.now().mono - start;
    self->access.note(route, *request, passed ? passed->caller : access::Caller{}, id, response,
                      took);
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

bool Service::ready(const http::Request& request, http::Response& response) {
  return impl_->ready(request, response);
}

void Service::finish_own(http::Response& response, bool openly) const {
  if (!openly) {
    impl_->gate.finish(response);
  }
  impl_->parts.self->http_request("other", response.status);
}

void Service::reconfigure(ServiceOptions options) {
  impl_->settings = std::make_shared<const Impl::Settings>(options, impl_->settings.get());
  impl_->gate.identify(std::move(options.identities));
  impl_->pushes.reconfigure(std::move(options.push));
}

void Service::authorize(std::shared_ptr<const access::Authorized> authorized) {
  auto changed = std::make_shared<Impl::Settings>(*impl_->settings);
  changed->access.authorized = std::move(authorized);
  impl_->settings = std::move(changed);
}

void Service::set_web(WebOptions options) {
  impl_->gate.reconfigure(std::move(options));
}

void Service::set_draining() {
  impl_->draining = true;
  impl_->events.stop();
  impl_->gate.stop();
  impl_->access.stop();
  impl_->refusals.stop();
}

}  // namespace sfb::serve
