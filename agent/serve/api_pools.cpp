#include "agent/serve/api_pools.hpp"

#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "agent/json/writer.hpp"
#include "agent/serve/json_text.hpp"
#include "agent/serve/pages.hpp"
#include "agent/value/access.hpp"
#include "agent/value/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace sfb::serve {
namespace {

using status::PoolSnapshot;
using status::PoolSnapshotPtr;

/// Non-fatal errors of one answer that are told.
constexpr std::size_t kMostToldErrors = 10;
constexpr std::size_t kServerText = 500;
/// Far deeper than any view.
constexpr int kViewDepth = 20;

const Fqdn& fqdn_of(const PoolSnapshotPtr& pool) {
  return pool->identity.fqdn;
}

/// The server's words: cut, and without anything that moves a cursor.
std::string told_by_server(std::string_view text) {
  return visible(cut_utf8(text, kServerText));
}

/// The members of the collector's own part.
void add_described(JsonObject& object, const PoolSnapshot& pool) {
  if (pool.what->describe == nullptr || !pool.view) {
    return;
  }
  const Document document = pool.what->describe(*pool.view);
  const json::WriteOptions options{.depth = kViewDepth, .compress = true};
  for (const Property* member : visible_properties(document.graph, document.roots.at(0))) {
    const auto text = json::convert_to_json(document.graph, {member->value}, options);
    object.add_raw(member->name, text ? *text : "null");
  }
}

std::string_view knowledge_of(const PoolSnapshot& pool) {
  switch (pool.freshness) {
    case status::Freshness::none:
      return "none";
    case status::Freshness::fresh:
      return "fresh";
    case status::Freshness::stale:
      return "stale";
  }
  return "none";
}

std::string freshness_json(const PoolSnapshot& pool, Now now) {
  const bool known = pool.last_good != nullptr;
  std::optional<WallTime> stale_at;
  std::optional<double> age;
  if (known) {
    stale_at = pool.last_good->evaluated_at + pool.identity.stale_after;
    age = to_seconds(pool.last_good->age(now.mono));
  }
  return JsonObject()
      .add("knowledge", knowledge_of(pool))
      .add("evaluated_at", known ? std::optional(pool.last_good->evaluated_at) : std::nullopt)
      .add_seconds("age_seconds", age)
      .add("stale_at", stale_at)
      .add("restored", known && pool.last_good->restored)
      .str();
}

std::string last_json(const status::Evaluation& last) {
  std::map<Stage, std::chrono::nanoseconds> stages;
  for (const StageTime& time : last.stages) {
    stages[time.stage] += time.duration;
  }
  JsonObject times;
  for (const auto& [stage, time] : stages) {
    times.add_seconds(to_string(stage), to_seconds(time));
  }
  return JsonObject()
      .add("id", last.id)
      .add("finished_at", format_iso8601(last.finished))
      .add("outcome", last.good() ? "good" : "failed")
      .add_seconds("duration_seconds", to_seconds(last.duration))
      .add_raw("stages", times.str())
      .str();
}

std::string evaluation_json(const PoolSnapshot& pool, Now now) {
  return JsonObject()
      .add("running", pool.running)
      .add("next_at", wall_of(pool.next_due, now))
      .add_seconds("interval_seconds", to_seconds(pool.identity.interval))
      .add("backoff_until", pool.backoff_until)
      .add_raw("last", pool.last_completed ? last_json(*pool.last_completed) : "null")
      .str();
}

std::string failure_json(const PoolSnapshot& pool, std::string_view runbooks) {
  if (!pool.failure) {
    return "null";
  }
  const Error& error = *pool.failure;
  return JsonObject()
      .add("reason", to_string(error.reason))
      .add("code", error.code)
      .add("stage", to_string(error.stage))
      .add("message", error.message)
      .add("peer", told_by_server(error.peer))
      .add("remedy", error.remedy)
      .add("since", pool.failing_since)
      .add("count", pool.failures_in_row)
      .add("runbook", fmt::format("{}/{}.md", runbooks, kFailureAlert))
      .str();
}

/// What PowerShell complained of beside the last good answer.
std::string errors_json(const PoolSnapshot& pool) {
  std::vector<std::string> errors;
  if (pool.last_good && pool.last_good->result && pool.last_good->result->errors() > 0) {
    const PipelineResult result = pool.last_good->result->unpack();
    for (const Value& value : result.errors) {
      if (errors.size() == kMostToldErrors) {
        break;
      }
      const ErrorRecord record = ErrorRecord::from(result.graph, value);
      errors.push_back(JsonObject()
                           .add("message", told_by_server(record.message))
                           .add("error_id", told_by_server(record.error_id))
                           .add("category", told_by_server(record.category_message))
                           .str());
    }
  }
  std::string list;
  for (const std::string& error : errors) {
    list += (list.empty() ? "" : ",") + error;
  }
  return '[' + list + ']';
}

/// Members that every collector's part has.
void add_state(JsonObject& object, const PoolSnapshot& pool, Now now, std::string_view runbooks) {
  object.add_raw("freshness", freshness_json(pool, now))
      .add_raw("evaluation", evaluation_json(pool, now))
      .add_raw("failure", failure_json(pool, runbooks))
      .add_raw("errors", errors_json(pool));
}

/// What other collectors know of the pool. They stand ordered by pool.
std::string others_json(const status::Snapshot& snapshot, const Fqdn& fqdn, Now now,
                        std::string_view runbooks) {
  JsonObject object;
  for (const PoolSnapshotPtr& other :
       std::ranges::equal_range(snapshot.others, fqdn, {}, fqdn_of)) {
    JsonObject part;
    add_described(part, *other);
    add_state(part, *other, now, runbooks);
    object.add_raw(other->what->name, part.str());
  }
  return object.str();
}

std::string pool_json(const status::Snapshot& snapshot, const PoolSnapshot& pool, Now now,
                      std::string_view runbooks) {
  const status::PoolIdentity& identity = pool.identity;
  JsonObject object;
  object.add("pool", identity.fqdn.str())
      .add("paired_pool", identity.paired_pool.str())
      .add("pair", identity.pair())
      .add("site", identity.site.str())
      .add("deployment", identity.deployment.str())
      .add("endpoint", identity.endpoint.str())
      .add("transport", identity.transport.str());
  add_described(object, pool);
  add_state(object, pool, now, runbooks);
  object.add_raw("collectors", others_json(snapshot, identity.fqdn, now, runbooks));
  return object.str();
}

/// `true`, `false` or `unknown`.
std::string_view working_of(const PoolSnapshot& pool) {
  if (!pool.what->describe || !pool.view) {
    return "unknown";
  }
  const Document document = pool.what->describe(*pool.view);
  const Value* const verdict = find_property(document.graph, document.roots.at(0), "verdict");
  const Value* const working =
      verdict == nullptr ? nullptr : find_property(document.graph, *verdict, "working");
  const auto value = working == nullptr ? std::nullopt : as_bool(document.graph, *working);
  return !value ? "unknown" : *value ? "true" : "false";
}

bool is_wanted_pool(const PoolSnapshot& pool, const Given& filter) {
  const auto fits = [&](const char* name, std::string_view value) {
    const auto* const wanted = filter.get<std::string>(name);
    return wanted == nullptr || *wanted == value;
  };
  const auto* const fqdn = filter.get<Fqdn>("pool");
  return (fqdn == nullptr || *fqdn == pool.identity.fqdn) &&
         fits("site", pool.identity.site.str()) &&
         fits("deployment", pool.identity.deployment.str()) &&
         fits("endpoint", pool.identity.endpoint.str()) && fits("knowledge", knowledge_of(pool)) &&
         (!filter.has("working") || fits("working", working_of(pool)));
}

}  // namespace

std::optional<WallTime> wall_of(std::optional<MonoTime> moment, Now now) {
  if (!moment) {
    return std::nullopt;
  }
  return now.wall + std::chrono::round<Micros>(*moment - now.mono);
}

http::Response json_response(std::string body) {
  http::Response response;
  response.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
  response.body = std::make_shared<const std::string>(std::move(body));
  return response;
}

PoolSnapshotPtr find_pool(const status::Snapshot& snapshot, const Fqdn& fqdn) {
  const auto found = std::ranges::lower_bound(snapshot.pools, fqdn, {}, fqdn_of);
  return found == snapshot.pools.end() || fqdn_of(*found) != fqdn ? nullptr : *found;
}

std::string near_pools(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                       const Fqdn& fqdn) {
  std::vector<std::string_view> names;
  names.reserve(snapshot.pools.size() + elsewhere.pools.size());
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    names.emplace_back(fqdn_of(pool).str());
  }
  for (const auto& [name, pool] : elsewhere.pools) {
    names.emplace_back(name.str());
  }
  return did_you_mean(near_hosts(fqdn.str(), names));
}

http::Response no_such_pool(const status::Snapshot& snapshot, const Elsewhere& elsewhere,
                            const Fqdn& fqdn, std::string_view parameter) {
  const PoolElsewhere* const other = elsewhere.find(fqdn);
  return unknown_pool(other != nullptr
                          ? other_shard(fqdn, *other, elsewhere)
                          : not_configured(fqdn, near_pools(snapshot, elsewhere, fqdn)),
                      parameter);
}

http::Response pools_page(const status::Snapshot& snapshot, const Given& filter, Now now,
                          std::string_view runbooks) {
  std::string body = "{\"pools\":[";
  bool first = true;
  for (const PoolSnapshotPtr& pool : snapshot.pools) {
    if (is_wanted_pool(*pool, filter)) {
      body += first ? "\n" : ",\n";
      body += pool_json(snapshot, *pool, now, runbooks);
      first = false;
    }
  }
  body += first ? "]}\n" : "\n]}\n";
  return json_response(std::move(body));
}

http::Response pool_page(const status::Snapshot& snapshot, const PoolSnapshot& pool, Now now,
                         std::string_view runbooks) {
  return json_response(pool_json(snapshot, pool, now, runbooks) + '\n');
}

}  // namespace sfb::serve
