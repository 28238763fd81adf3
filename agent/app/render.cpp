// `render`: what the console would print for a CLIXML document from anywhere.
#include "agent/app/commands.hpp"
#include "agent/app/output.hpp"
#include "agent/base/limits.hpp"
#include "agent/clixml/clixml.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdio>

namespace sfb::app {

int output_width(const OutputOptions& options) {
  constexpr int kDefault = 120;
  if (options.width) {
    return *options.width;
  }
  winsize size{};
  const bool terminal = isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;
  return terminal && size.ws_col > 0 ? size.ws_col : kDefault;
}

int run_render(const OutputOptions& options) {
  const Limits limits;
  std::string bytes;
  std::array<char, 65536> block{};
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), stdin)) {
    bytes.append(block.data(), got);
    // UTF-16 takes twice the room of the text it holds.
    if (bytes.size() > 2 * limits.object) {
      fmt::print(stderr, "sfb_backup_exporter render: stdin holds more than {} bytes\n",
                 2 * limits.object);
      return kFailed;
    }
  }
  if (std::ferror(stdin) != 0) {
    fmt::print(stderr, "sfb_backup_exporter render: stdin cannot be read\n");
    return kFailed;
  }
  const auto document = clixml::read_file(bytes, limits);
  if (!document) {
    fmt::print(stderr, "sfb_backup_exporter render: stdin: {}\n", describe(document.error()));
    return kFailed;
  }
  PipelineResult result;
  result.graph = document->graph;
  result.output = document->roots;  // error records among them print as such, in their place
  return print_stdout(render_pipeline(result, false, options)) ? kGood : kFailed;
}

}  // namespace sfb::app
