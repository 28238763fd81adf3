// Any typed line: read, bound both ways, rebuilt and shown with its position.
#include "agent/binding/bind.hpp"
#include "agent/binding/binding.hpp"
#include "agent/binding/line.hpp"
#include "collectors/backup_service_status/cmdlet.hpp"
#include "tests/unit/binding/line_reader.cpp"  // NOLINT: a fuzz target is one source

#include <cstdint>
#include <cstdlib>

namespace {

using namespace sfb::binding;

void show(std::string_view line, const BindError& error) {
  if (position_message(line, error).empty() || error.message.empty()) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string line = sfb::to_utf8_lossy({reinterpret_cast<const char*>(data), size});
  const Cmdlet& cmdlet = sfb::collectors::get_cs_backup_service_status();
  auto tokens = read_line(cmdlet, line);
  if (!tokens) {
    show(line, tokens.error().error);
    tokens = read_line(cmdlet, cmdlet.name + ' ' + line);  // most inputs lack the command's name
  }
  if (!tokens) {
    return 0;
  }
  const std::string rebuilt = canonical_line(cmdlet, *tokens);
  for (const Policy& policy : {Policy{}, Policy{true, true, true}}) {
    if (const auto bound = bind(cmdlet, *tokens, policy); !bound) {
      show(rebuilt, bound.error());
    }
  }
  return 0;
}
