#include "agent/app/render.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/app/output.hpp"
#include "agent/base/limits.hpp"
#include "agent/base/text.hpp"
#include "agent/clixml/clixml.hpp"
#include "agent/clixml/streams.hpp"

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
  auto file = clixml::read_file(bytes, limits);
  std::string().swap(bytes);
  if (!file) {
    fmt::print(stderr, "sfb_backup_exporter render: stdin: {}\n", describe(file.error()));
    return kFailed;
  }
  // Error records among the output print as such, in their place.
  const PipelineResult result = clixml::by_stream(std::move(*file));
  const auto text = render_pipeline(result, false, options);
  const auto complaints = render_complaints(result, options);
  if (!text || !complaints) {
    fmt::print(stderr, "sfb_backup_exporter render: {}\n",
               describe(text ? complaints.error() : text.error()));
    return kFailed;
  }
  if (!print_stdout(*text)) {
    return kFailed;
  }
  fmt::print(stderr, "{}", visible(*complaints));
  return kGood;
}

}  // namespace sfb::app
