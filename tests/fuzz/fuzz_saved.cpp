// What is saved of a pool, as it stands in the state database: memories of all collectors, and
// lines of the history.
#include "agent/base/saved_text.hpp"
#include "agent/status/history_text.hpp"
#include "collectors/backup_service_status/saved_memory.hpp"
#include "collectors/collector.hpp"
#include "tests/fuzz/require.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace sfb;
using sfb::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Now now{WallTime(Micros(1'700'000'000'000'000)), MonoTime(std::chrono::hours(1))};
  if (const auto memory = collectors::read_saved_memory(text, {}, now.wall)) {
    // What was understood is written and read as the same.
    const std::string again = collectors::write_saved_memory(*memory);
    const auto second = collectors::read_saved_memory(again, {}, now.wall);
    require(second && collectors::write_saved_memory(*second) == again);
  }
  for (const collectors::Collector* const each : collectors::all()) {
    const auto memory = each->memory({.pool = Fqdn::parse("a.x").value()}, {});
    static_cast<void>(memory->restore(
        text, nullptr, {.evaluated_at = now.wall, .finished = now.wall, .made = now.mono}, now));
    require(memory->view(true, now.mono) != nullptr);
    static_cast<void>(memory->save(now));
  }
  if (const auto entry = status::read_history_entry(text)) {
    const std::string again = status::write_history_entry(*entry);
    const auto second = status::read_history_entry(again);
    require(second && status::write_history_entry(*second) == again);
  }
  return 0;
}
