#include "agent/serve/history_page.hpp"

#include "agent/serve/api_pools.hpp"
#include "agent/serve/json_text.hpp"

#include <cstddef>

namespace sfb::serve {
namespace {

std::string history_json(const status::HistoryEntry& entry) {
  return JsonObject()
      .add("id", entry.id)
      .add("time", format_iso8601(entry.time))
      .add("evaluated_at", format_iso8601(entry.evaluated_at))
      .add("trigger", to_string(entry.trigger))
      .add("question", entry.question)
      .add_seconds("duration_seconds", to_seconds(entry.duration))
      .add("outcome", entry.skipped ? "skipped"
                      : entry.good  ? "good"
                                    : "failed")
      .add("reason", entry.reason)
      .add("code", entry.code)
      .add("stage", entry.stage)
      .add("message", entry.message)
      .add("remedy", entry.remedy)
      .add("request_id", entry.request_id)
      .add("front_end", entry.front_end)
      .str();
}

bool passes_times(const status::HistoryEntry& entry, const Given& filter) {
  const auto* const since = filter.get<WallTime>("since");
  const auto* const until = filter.get<WallTime>("until");
  return (since == nullptr || entry.time >= *since) && (until == nullptr || entry.time < *until);
}

}  // namespace

http::Response history_page(const Fqdn& pool, const std::vector<status::HistoryEntry>& entries,
                            const Given& filter) {
  const auto* const limit = filter.get<std::int64_t>("limit");
  const auto most = static_cast<std::size_t>(limit == nullptr ? kMostHistory : *limit);
  std::vector<std::string> lines;
  for (const status::HistoryEntry& entry : entries) {
    if (lines.size() < most && passes_times(entry, filter)) {
      lines.push_back(history_json(entry));
    }
  }
  return json_response(
      JsonObject().add("pool", pool.str()).add_raw("history", json_list(lines)).str() + '\n');
}

}  // namespace sfb::serve
