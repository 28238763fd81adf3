#include "agent/clixml/streams.hpp"

#include "agent/base/text.hpp"
#include "agent/value/access.hpp"

#include <string>
#include <utility>

namespace sfb::clixml {

namespace {

// As PowerShell makes a record of such a text.
Value record_of(Graph& graph, std::string_view text) {
  ErrorRecord record;
  record.message = trim(text).empty() ? "(an error without a message)" : trim(text);
  record.exception_type = "System.Management.Automation.RemoteException";
  record.error_id = "NativeCommandError";
  record.category = 0;
  record.category_reason = "RemoteException";
  record.category_target_name = record.message;
  record.category_target_type = "String";
  return record.to_value(graph);
}

}  // namespace

PipelineResult by_stream(File file) {
  PipelineResult result;
  result.graph = std::move(file.graph);
  Graph& graph = result.graph;
  std::string lines;  // one record of all: a record each would take far more than the file
  bool has_lines = false;
  for (std::size_t i = 0; i < file.roots.size(); ++i) {
    Value& value = file.roots[i];
    if (file.streams[i] == Stream::output) {
      result.output.push_back(std::move(value));
    } else if (value.is_null()) {
      continue;  // means nothing on the other streams
    } else if (file.streams[i] == Stream::warning) {
      result.warnings.emplace_back(plain_text(graph, value).value_or(""));
    } else if (file.streams[i] == Stream::error && is_error_record(graph, value)) {
      result.errors.push_back(std::move(value));
    } else if (file.streams[i] == Stream::error) {
      lines += ErrorRecord::from(graph, value).message;
      has_lines = true;
      if (value.kind == Kind::object) {
        lines += '\n';  // a text brings its own
      }
    }
  }
  if (has_lines) {
    result.errors.push_back(record_of(graph, lines));
  }
  return result;
}

}  // namespace sfb::clixml
