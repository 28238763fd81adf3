// Builds the objects of tests: what transports would hand to the collector.
#pragma once

#include "agent/value/pipeline.hpp"
#include "collectors/backup_service_status/interpret.hpp"
#include "collectors/backup_service_status/verdict.hpp"

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace sfb::collectors::testing {

/// Name, export word, import word.
struct Row {
  std::string identity;
  std::string export_word;
  std::string import_word;
};

inline const std::vector<Row> kLync2013 = {
    {"UserServices.PresenceFocus", "SteadyState", "NormalState"},
    {"ConfServices.DataConf", "FinalState", "NormalState"},
    {"CentralMgmt.CMSMaster", "NotInitialized", "NormalState"}};

inline const std::vector<Row> kSfb2019 = {
    {"UserServices.PresenceFocus", "SteadyState", "NormalState"},
    {"ConfServices.DataConf", "SteadyState", "NormalState"},
    {"CentralMgmt.CMSMaster", "FinalState", "NormalState"},
    {"ApplicationServer.RGSDataStore", "NotInitialized", "NotInitialized"},
    {"ApplicationServer.RGSFileStore", "NotInitialized", "NotInitialized"}};

inline Value text(std::string words) {
  return Value::string(std::move(words));
}

/// An object with note properties.
inline Value object(Graph& graph, std::vector<Property> properties) {
  Object made;
  made.extended = std::move(properties);
  return Value::object_ref(graph.add(std::move(made)));
}

/// A hashtable.
inline Value table(Graph& graph, std::vector<std::pair<std::string, Value>> entries) {
  Object made;
  made.collection.emplace();
  made.collection->form = Collection::Form::dictionary;
  for (auto& [key, value] : entries) {
    made.collection->entries.emplace_back(text(key), std::move(value));
  }
  return Value::object_ref(graph.add(std::move(made)));
}

inline Value list(Graph& graph, std::vector<Value> items) {
  Object made;
  made.collection.emplace();
  made.collection->items = std::move(items);
  return Value::object_ref(graph.add(std::move(made)));
}

/// An enum instance as Export-Clixml keeps it: ToString and the number.
inline Value enumeration(Graph& graph, std::string word, std::int32_t number) {
  Object made;
  made.types = graph.add_types({"Some.State", "System.Enum", "System.ValueType", "System.Object"});
  made.to_string = std::move(word);
  made.base = Value::int32(number);
  return Value::object_ref(graph.add(std::move(made)));
}

inline Value row_object(Graph& graph, const Row& row) {
  return object(graph, {{"Identity", text(row.identity)},
                        {"ExportStatus", text(row.export_word)},
                        {"ImportStatus", text(row.import_word)}});
}

inline std::string row_text(const Row& row) {
  return row.identity + ":[" + row.export_word + "," + row.import_word + "]";
}

/// One status object whose BackupModules is a list of objects, and what else it has.
inline PipelineResult answer(const std::vector<Row>& rows, std::vector<Property> more = {}) {
  PipelineResult result;
  std::vector<Value> items;
  items.reserve(rows.size());
  for (const Row& row : rows) {
    items.push_back(row_object(result.graph, row));
  }
  more.push_back({"BackupModules", list(result.graph, std::move(items))});
  result.output = {object(result.graph, std::move(more))};
  return result;
}

/// One status object with this BackupModules; `make` gets the graph.
template <typename Make>
PipelineResult answer_with(Make make) {
  PipelineResult result;
  Value modules = make(result.graph);
  result.output = {object(result.graph, {{"BackupModules", std::move(modules)}})};
  return result;
}

/// Adds an ErrorRecord.
inline void add_error(PipelineResult& result, std::string message, std::string id = {}) {
  ErrorRecord record;
  record.message = std::move(message);
  record.error_id = std::move(id);
  result.errors.push_back(record.to_value(result.graph));
}

}  // namespace sfb::collectors::testing
