#include "agent/app/output.hpp"

#include "agent/base/text.hpp"
#include "agent/clixml/writer.hpp"
#include "agent/format/format.hpp"
#include "agent/json/writer.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace sfb::app {

namespace {

format::Options console_of(const OutputOptions& options, const PipelineResult& result,
                           std::size_t max_bytes) {
  format::Options console =
      format::console_of(options.choice, output_width(options), result.ps_version);
  console.max_bytes = max_bytes;
  return console;
}

}  // namespace

int output_width(const OutputOptions& options) {
  constexpr int kDefault = 120;
  if (options.width) {
    return *options.width;
  }
  winsize size{};
  const bool terminal = isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return terminal && size.ws_col > 0 ? size.ws_col : kDefault;
}

Result<std::string> render_pipeline(const PipelineResult& result, bool hide_errors,
                                    const OutputOptions& options, std::size_t max_bytes) {
  Result<std::string> text;
  if (options.choice.as == format::As::json) {
    using json::Edition;
    const json::WriteOptions layout{.edition = format::is_json_of_7(options.choice)
                                                   ? Edition::powershell_7
                                                   : Edition::windows_powershell_51,
                                    .max_bytes = max_bytes};
    text = json::convert_to_json(result.graph, result.output, layout);
  } else if (options.choice.as == format::As::clixml) {
    text = clixml::write_file(result.graph, result.output, clixml::Origin::original, max_bytes);
  } else {
    return format::pipeline(result, hide_errors, console_of(options, result, max_bytes),
                            format::server_text(options.choice, output_width(options), result));
  }
  if (text && !text->empty()) {
    *text += '\n';
  }
  return text;
}

Result<std::string> render_complaints(const PipelineResult& result, const OutputOptions& options,
                                      std::size_t max_bytes) {
  if (options.choice.as == format::As::text) {
    return {};
  }
  const Rendering nothing;  // in the place of the objects
  return format::pipeline(result, false, console_of(options, result, max_bytes), &nothing);
}

bool print_stdout(std::string_view text) {
  const std::string masked = isatty(STDOUT_FILENO) != 0 ? visible(text) : std::string();
  const std::string_view shown = isatty(STDOUT_FILENO) != 0 ? masked : text;
  if (std::fwrite(shown.data(), 1, shown.size(), stdout) == shown.size() &&
      std::fflush(stdout) == 0) {
    return true;
  }
  std::perror("sfb_backup_exporter: stdout");
  return false;
}

}  // namespace sfb::app
