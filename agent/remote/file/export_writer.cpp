#include "agent/remote/file/export_writer.hpp"

#include "agent/clixml/writer.hpp"

#include <utility>
#include <vector>

namespace sfb::remote {

namespace {

Value list_of(Graph& graph, std::vector<Value> items) {
  Object list;
  list.collection.emplace();
  list.collection->items = std::move(items);
  return Value::object_ref(graph.add(std::move(list)));
}

}  // namespace

Result<std::string> write_export(const PipelineResult& result, const Fqdn& pool,
                                 WallTime exported_at, std::string_view collector,
                                 std::size_t max_bytes) {
  Graph graph = result.graph;
  std::vector<Value> warnings;
  warnings.reserve(result.warnings.size());
  for (const std::string& warning : result.warnings) {
    warnings.push_back(Value::string(warning));
  }
  Object wrapper;
  const auto add = [&](std::string name, Value value) {
    wrapper.extended.push_back({std::move(name), std::move(value)});
  };
  add("SfbBackupExport", Value::int32(1));
  add("Collector", Value::string(std::string(collector)));
  add("PoolFqdn", Value::string(pool.str()));
  add("ExportedAt", Value::string(format_iso8601(exported_at)));
  add("PSVersion", Value::string(result.ps_version));
  add("State", Value::string(result.state == PipelineState::completed ? "Completed" : "Failed"));
  add("Output", list_of(graph, result.output));
  add("Errors", list_of(graph, result.errors));
  add("Warnings", list_of(graph, std::move(warnings)));
  if (result.extras) {
    add(std::string(kExtrasTag), *result.extras);
  }
  const Value root = Value::object_ref(graph.add(std::move(wrapper)));
  return clixml::write_file(graph, {root}, clixml::Origin::original, max_bytes);
}

}  // namespace sfb::remote
