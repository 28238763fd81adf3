#include "agent/serve/history_page.hpp"

#include "agent/base/json_string.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/json_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstddef>

namespace sfb::serve {
namespace {

/// On one line, unlike json_list.
std::string in_brackets(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

std::string modules_json(const status::HistoryEntry& entry) {
  std::vector<std::string> items;
  if (entry.states) {
    for (const collectors::ModuleWords& module : *entry.states) {
      items.push_back(JsonObject()
                          .add("identity", module.identity)
                          .add("export", module.exported)
                          .add("import", module.imported)
                          .str());
    }
  }
  return in_brackets(items);
}

std::string changes_json(const status::HistoryEntry& entry) {
  std::vector<std::string> items;
  for (const status::HistoryChange& change : entry.changes) {
    JsonObject fields;
    for (const auto& [name, value] : change.fields) {
      fields.add(name, value);
    }
    items.push_back(JsonObject().add("event", change.event).add_raw("fields", fields.str()).str());
  }
  return in_brackets(items);
}

std::string errors_list(const status::HistoryEntry& entry) {
  std::vector<std::string> items;
  items.reserve(entry.errors.size());
  for (const std::string& error : entry.errors) {
    items.push_back(json_string(error));
  }
  return in_brackets(items);
}

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
      .add_raw("modules", modules_json(entry))
      .add_raw("changes", changes_json(entry))
      .add_raw("errors", errors_list(entry))
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
