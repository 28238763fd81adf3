#include "collectors/backup_service_status/expand.hpp"

#include "agent/value/access.hpp"
#include "collectors/backup_service_status/modules.hpp"
#include "collectors/describe.hpp"

#include <optional>
#include <utility>

namespace sfb::collectors {

namespace {

// Its words as an object, where it came as a text or as a row of the script.
std::optional<Value> object_of(Graph& graph, const Value& item) {
  const auto words = words_of_module(graph, item);
  if (!words) {
    return std::nullopt;
  }
  return Record()
      .add("Identity", told(words->identity))
      .add("ExportStatus", told(words->exported))
      .add("ImportStatus", told(words->imported))
      .into(graph);
}

Value expanded(PipelineResult& result, const Value& item, const Value* row) {
  if (find_property(result.graph, item, "Identity") != nullptr) {
    return item;  // an object already: as the server sent it
  }
  if (auto object = object_of(result.graph, item)) {
    return *std::move(object);
  }
  if (row != nullptr) {
    if (auto object = object_of(result.graph, *row)) {
      return *std::move(object);
    }
  }
  return item;
}

// The items of all output objects, as copies: the graph grows while they are read.
std::vector<Value> items_of_output(const PipelineResult& result) {
  std::vector<Value> items;
  for (const Value& output : result.output) {
    const Value* const list = find_property(result.graph, output, "BackupModules");
    const Value* const inner = list == nullptr ? nullptr : unwrap_counted(result.graph, *list);
    if (inner == nullptr) {
      continue;
    }
    for (const Value* const item : items_of(result.graph, *inner)) {
      if (!item->is_null()) {
        items.push_back(*item);
      }
    }
  }
  return items;
}

}  // namespace

std::vector<Value> expand_modules(PipelineResult& result) {
  std::vector<Value> items = items_of_output(result);
  std::vector<Value> rows;
  for (const Value* const row : rows_of_script(result)) {
    rows.push_back(*row);
  }
  const bool paired = rows.size() == items.size();
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i] = expanded(result, items[i], paired ? &rows[i] : nullptr);
  }
  return items;
}

}  // namespace sfb::collectors
