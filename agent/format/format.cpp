#include "agent/format/format.hpp"

#include "agent/format/context.hpp"
#include "agent/format/error_record.hpp"
#include "agent/format/out_default.hpp"
#include "agent/format/style.hpp"
#include "agent/format/warning.hpp"

#include <utility>

namespace sfb::format {

namespace {

void write_error(const ErrorRecord& record, const Context& context, Sink& sink) {
  emit_error(record, context, [&](std::u16string_view line) { sink.line(line); });
}

}  // namespace

Result<std::string> objects(const Graph& graph, const std::vector<Value>& values,
                            const Options& options) {
  Budget budget(options.max_bytes);
  Sink sink(budget);
  write_objects({graph, options, style_of(options.edition), budget}, values, sink);
  return std::move(sink).finish();
}

std::string error(const ErrorRecord& record, const Options& options) {
  const Graph nothing;
  Budget budget = Budget::unlimited();
  Sink sink(budget);
  write_error(record, {nothing, options, style_of(options.edition), budget}, sink);
  return std::move(sink).finish().value_or("");
}

std::string warning(std::string_view text, const Options& options) {
  const Graph nothing;
  Budget budget = Budget::unlimited();
  Sink sink(budget);
  write_warning(text, {nothing, options, style_of(options.edition), budget}, sink);
  return std::move(sink).finish().value_or("");
}

Result<std::string> pipeline(const PipelineResult& result, bool hide_errors, const Options& options,
                             const Rendering* output) {
  Budget budget(options.max_bytes);
  Sink sink(budget);
  const Context context{result.graph, options, style_of(options.edition), budget};
  if (output == nullptr) {
    write_objects(context, result.output, sink);
  } else {
    sink.verbatim(output->text);
  }
  for (const std::string& text : result.warnings) {
    if (budget.spent()) {
      break;
    }
    write_warning(text, context, sink);
  }
  if (!hide_errors || result.state == PipelineState::failed) {
    for (const Value& value : result.errors) {
      if (!charge_error(context, value)) {
        break;
      }
      write_error(ErrorRecord::from(result.graph, value), context, sink);
    }
  }
  return std::move(sink).finish();
}

}  // namespace sfb::format
