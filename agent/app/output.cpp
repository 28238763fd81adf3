#include "agent/app/output.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/format/format.hpp"
#include "agent/json/json.hpp"

#include <unistd.h>

#include <cstdio>

namespace sfb::app {

std::string render_pipeline(const PipelineResult& result, bool hide_errors,
                            const OutputOptions& options) {
  std::string text;
  if (options.as == "json") {
    text = json::convert_to_json(result.graph, result.output);
  } else if (options.as == "clixml") {
    text = clixml::write_file(result.graph, result.output);
  } else {
    format::Options console;
    console.width = output_width(options);
    return format::pipeline(result, hide_errors, console);
  }
  if (!text.empty()) {
    text += '\n';
  }
  return text;
}

std::string render_complaints(const PipelineResult& result, const OutputOptions& options) {
  if (options.as == "text") {
    return {};
  }
  PipelineResult complaints = result;
  complaints.output.clear();
  format::Options console;
  console.width = output_width(options);
  return format::pipeline(complaints, false, console);
}

bool print_stdout(std::string_view text) {
  const std::string shown = isatty(STDOUT_FILENO) != 0 ? visible(text) : std::string(text);
  if (std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() &&
      std::fflush(stdout) == 0) {
    return true;
  }
  std::perror("sfb_backup_exporter: stdout");
  return false;
}

}  // namespace sfb::app
