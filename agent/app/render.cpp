#include "agent/app/render.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/app/output.hpp"
#include "agent/base/limits.hpp"
#include "agent/clixml/clixml.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace sfb::app {

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
