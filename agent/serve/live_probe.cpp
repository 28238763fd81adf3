#include "agent/serve/live_probe.hpp"

#include "agent/exposition/gzip.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/live_query.hpp"
#include "agent/serve/metrics_page.hpp"
#include "agent/serve/probe_text.hpp"
#include "agent/serve/problem.hpp"
#include "agent/serve/routes.hpp"
#include "agent/serve/scrape.hpp"

#include <algorithm>
#include <cstdint>
#include <expected>
#include <iterator>
#include <utility>

namespace sfb::serve {
namespace {

namespace asio = boost::asio;

/// The engine ends a probe at its deadline; this much later the door stops waiting for the engine.
constexpr std::chrono::seconds kEngineGrace{5};

using Outcome = std::expected<status::Answer, status::Refusal>;

/// A limit of ours, and not something about the pool's server.
bool is_our_limit(const Error& error) {
  return error.reason == Reason::throttled && error.code != "engine.backoff";
}

/// An answer that was kept is no success where the pool has failed since.
bool is_success(const Outcome& outcome, const status::PoolSnapshot& pool) {
  return outcome && outcome->evaluation->good() &&
         (outcome->source != status::Source::cache || !pool.failure);
}

/// What is known of the pool, as this probe leaves it: no old answer is shown as if it were good
/// now.
status::Snapshot snapshot_of(const status::Snapshot& all, const status::PoolSnapshot& pool,
                             const Outcome& outcome) {
  status::PoolSnapshot shown = pool;
  if (!outcome) {
    shown.up = false;
    shown.last_completed = std::make_shared<const status::Evaluation>(status::Evaluation{
        .question = collectors::Question{pool.identity.fqdn}, .error = outcome.error().error});
    shown.failure = std::make_shared<const Error>(outcome.error().error);
  }
  status::Snapshot one;
  one.version = all.version;
  one.pools = {std::make_shared<const status::PoolSnapshot>(std::move(shown))};
  std::ranges::copy_if(all.others, std::back_inserter(one.others), [&](const auto& other) {
    return other->identity.fqdn == pool.identity.fqdn;
  });
  return one;
}

http::Response refusal_page(const status::Refusal& refusal) {
  http::Response response = problem_json(503, refusal.error, {}, {});
  if (refusal.retry_after) {
    response.headers.push_back({"Retry-After", std::to_string(refusal.retry_after->count())});
  }
  return response;
}

Result<http::Response> metrics_response(const ScrapeForm& form, std::string text) {
  http::Response response;
  response.headers = scrape_headers(form);
  if (form.gzip) {
    Result<std::string> packed = exposition::gzip(text);
    if (!packed) {
      return std::unexpected(std::move(packed.error()));
    }
    text = std::move(*packed);
  }
  response.body = std::make_shared<const std::string>(std::move(text));
  return response;
}

}  // namespace

bool is_debug(const Given& given) {
  const auto* const word = given.get<std::string>("debug");
  return word != nullptr && *word == "true";
}

std::optional<std::chrono::seconds> max_age_of(const Given& given) {
  const auto* const seconds = given.get<std::int64_t>("max_age");
  return seconds == nullptr ? std::nullopt : std::optional(std::chrono::seconds(*seconds));
}

asio::awaitable<Result<http::Response>> probe_page(const ProbeParts& parts, const Probe& probe,
                                                   const ProbeLimits& limits) {
  const MonoTime arrived = parts.clock.now().mono;
  const auto budget = scrape_budget(*probe.request, limits.offset, limits.most);
  if (!budget) {
    co_return problem_json(400, budget.error(), {}, probe.request_id);
  }
  if (!find_pool(*parts.board.snapshot(), probe.pool)) {
    co_return no_such_pool(*parts.board.snapshot(), limits.elsewhere, probe.pool, kTarget);
  }
  status::Wish wish;
  wish.trigger = status::Trigger::probe;
  wish.request_id = probe.request_id;
  wish.max_age = probe.max_age;
  wish.deadline = arrived + *budget;
  Outcome outcome = co_await ask(parts.evaluator, collectors::Question{probe.pool}, std::move(wish),
                                 *budget + kEngineGrace);
  if (!outcome) {
    parts.refusals.note(outcome.error().error);
    if (is_our_limit(outcome.error().error)) {
      co_return refusal_page(outcome.error());
    }
  }
  const status::SnapshotPtr all = parts.board.snapshot();
  const status::PoolSnapshotPtr pool = find_pool(*all, probe.pool);
  if (!pool) {  // a reload has removed it
    co_return no_such_pool(*all, limits.elsewhere, probe.pool, kTarget);
  }
  const Now now = parts.clock.now();
  const ProbeResult result{is_success(outcome, *pool), now.mono - arrived};
  auto render = [one = snapshot_of(*all, *pool, outcome), outcome, result, now, budget = *budget,
                 form = scrape_form(*probe.request), debug = probe.debug, id = probe.request_id,
                 most = limits.max_bytes]() -> Result<http::Response> {
    Result<http::Response> response =
        debug ? http::text_response(
                    200,
                    probe_text({*one.pools.front(), outcome, result, budget, now.mono, id, most}) +
                        render_probe_page(one, result, exposition::Format::text_0_0_4))
              : metrics_response(form, render_probe_page(one, result, form.format.format));
    if (response) {
      response->headers.push_back({"Cache-Control", "no-store"});
      response->headers.push_back({"X-Request-Id", id});
      response->headers.push_back({"X-Outcome", result.success ? "good" : "failed"});
      if (outcome) {
        response->headers.push_back({"X-Evaluation-Id", std::to_string(outcome->evaluation->id)});
      }
    }
    return response;
  };
  co_return co_await parts.pages.run(std::move(render));
}

}  // namespace sfb::serve
