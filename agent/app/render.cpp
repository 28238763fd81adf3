#include "agent/app/render.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/app/output.hpp"
#include "agent/base/limits.hpp"
#include "agent/clixml/clixml.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <utility>

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
  auto document = clixml::read_file(bytes, limits);
  std::string().swap(bytes);
  if (!document) {
    fmt::print(stderr, "sfb_backup_exporter render: stdin: {}\n", describe(document.error()));
    return kFailed;
  }
  PipelineResult result;
  result.graph = std::move(document->graph);
  // Error records among them print as such, in their place.
  result.output = std::move(document->roots);
  const auto text = render_pipeline(result, false, options);
  if (!text) {
    fmt::print(stderr, "sfb_backup_exporter render: {}\n", describe(text.error()));
    return kFailed;
  }
  return print_stdout(*text) ? kGood : kFailed;
}

}  // namespace sfb::app
