#include "agent/client/pool_state.hpp"

#include "agent/base/limits.hpp"
#include "agent/base/text.hpp"
#include "agent/json/reader.hpp"
#include "agent/value/access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

namespace sfb::client {

namespace {

/// A member of an object, or that there is none.
class Node {
 public:
  Node(const Graph& graph, const Value* value) : graph_(&graph), value_(value) {}

  Node operator[](std::string_view name) const {
    return {*graph_, value_ == nullptr ? nullptr : find_property(*graph_, *value_, name)};
  }
  bool is_there() const { return value_ != nullptr && !value_->is_null(); }
  std::string text() const {
    const auto word = value_ == nullptr ? std::nullopt : plain_text(*graph_, *value_);
    return std::string(word.value_or(""));
  }
  std::optional<bool> flag() const {
    return value_ == nullptr ? std::nullopt : as_bool(*graph_, *value_);
  }
  std::optional<double> number() const {
    const std::string word = text();
    double read = 0;
    const auto [at, error] = std::from_chars(word.data(), word.data() + word.size(), read);
    return error == std::errc{} && at == word.data() + word.size() && !word.empty()
               ? std::optional(read)
               : std::nullopt;
  }
  std::optional<WallTime> time() const {
    const auto read = parse_iso8601(text());
    return read ? std::optional(*read) : std::nullopt;
  }
  std::vector<Node> items() const {
    std::vector<Node> nodes;
    if (value_ != nullptr) {
      for (const Value* const item : items_of(*graph_, *value_)) {
        nodes.emplace_back(*graph_, item);
      }
    }
    return nodes;
  }

 private:
  const Graph* graph_;
  const Value* value_;
};

Result<Document> read_page(std::string_view body) {
  Limits limits;
  limits.object = 64UL << 20U;  // of all pools
  return json::read(body, limits);
}

std::vector<PoolGround> grounds(const Node& list) {
  std::vector<PoolGround> found;
  for (const Node& ground : list.items()) {
    std::string text = ground["text"].text();
    if (text.ends_with('.')) {
      text.pop_back();
    }
    found.push_back({ground["code"].text(), std::move(text)});
  }
  return found;
}

// `ErrorState since 2026-11-29T01:00:00Z`; a benign one with its reason.
std::string direction_text(const Node& direction) {
  const std::string word = direction["word"].text();
  const std::string why = direction["why"].text();
  const std::string since = direction["since"].text();
  const bool dated = !since.empty() && direction["health"].text() != "good" && why.empty();
  return (word.empty() ? "unknown" : word) + (dated ? " since " + since : "") +
         (why.empty() ? "" : " (" + why + ")");
}

// How far the export of a module is behind, into the pool's figure.
void add_lag(PoolState& pool, bool& known, const Node& exported) {
  const std::string health = exported["health"].text();
  if (health == "benign") {
    return;
  }
  if (health == "good") {
    pool.lag = std::max(pool.lag.value_or(0), 0.0);
    return;
  }
  const auto healthy = exported["last_healthy"].time();
  const auto from = healthy ? healthy : exported["since"].time();
  if (!from || !pool.evaluated_at) {
    known = false;
    return;
  }
  const double lag = std::max(0.0, to_seconds(*pool.evaluated_at - *from));
  known = known && healthy.has_value();
  pool.least_lag = std::max(pool.least_lag, lag);
  pool.lag = std::max(pool.lag.value_or(0), lag);
}

std::string failure_text(const Node& failure) {
  if (!failure.is_there()) {
    return {};
  }
  const std::string stage = failure["stage"].text();
  const std::string remedy = failure["remedy"].text();
  return fmt::format("{} reason={} code={}{}{}", failure["message"].text(),
                     failure["reason"].text(), failure["code"].text(),
                     stage.empty() ? "" : " stage=" + stage,
                     remedy.empty() ? "" : " (" + remedy + ")");
}

PoolState pool_of(const Node& node) {
  PoolState pool;
  pool.pool = node["pool"].text();
  const Node freshness = node["freshness"];
  pool.knowledge = freshness["knowledge"].text();
  pool.evaluated_at = freshness["evaluated_at"].time();
  pool.age = freshness["age_seconds"].number();
  pool.working = node["verdict"]["working"].flag();
  pool.reasons = grounds(node["verdict"]["reasons"]);
  pool.doubts = grounds(node["verdict"]["doubts"]);
  bool known = true;
  for (const Node& module : node["modules"].items()) {
    pool.modules.push_back({module["identity"].text(), direction_text(module["export"]),
                            direction_text(module["import"])});
    add_lag(pool, known, module["export"]);
  }
  pool.lag_known = known && pool.knowledge == "fresh";
  if (!known) {
    pool.lag.reset();
  }
  const Node evaluation = node["evaluation"];
  pool.duration = evaluation["last"]["duration_seconds"].number();
  pool.interval = evaluation["interval_seconds"].number().value_or(0);
  pool.failure = failure_text(node["failure"]);
  return pool;
}

}  // namespace

Result<std::vector<PoolState>> read_pools(std::string_view body) {
  const auto document = read_page(body);
  if (!document) {
    return std::unexpected(document.error());
  }
  std::vector<PoolState> pools;
  if (document->roots.size() == 1) {
    const Node root(document->graph, &document->roots.front());
    const Node list = root["pools"];
    for (const Node& node : list.items()) {
      pools.push_back(pool_of(node));
    }
    if (root["pool"].is_there()) {
      pools.push_back(pool_of(root));
    }
    const bool all_named = std::ranges::none_of(
        pools, [](const PoolState& pool) { return pool.pool.empty() || pool.knowledge.empty(); });
    if (all_named && (!pools.empty() || body.contains("\"pools\""))) {
      return pools;
    }
  }
  return fail(Reason::parse, "client.page", "the answer is no page about pools",
              "check that SFB_BACKUP_EXPORTER_URL is an sfb_backup_exporter of this version");
}

std::string problem_of(std::string_view body) {
  const auto document = read_page(body);
  if (!document || document->roots.size() != 1) {
    return {};
  }
  const Node root(document->graph, &document->roots.front());
  const std::string remedy = root["remedy"].text();
  return root["detail"].text() + (remedy.empty() ? "" : " (" + remedy + ")");
}

}  // namespace sfb::client
