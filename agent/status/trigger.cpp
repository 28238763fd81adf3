#include "agent/status/trigger.hpp"

namespace sfb::status {

std::string_view to_string(Trigger trigger) {
  switch (trigger) {
    case Trigger::schedule:
      return "schedule";
    case Trigger::query:
      return "query";
    case Trigger::probe:
      return "probe";
  }
  return "schedule";
}

std::optional<Trigger> parse_trigger(std::string_view text) {
  for (const Trigger each : {Trigger::schedule, Trigger::query, Trigger::probe}) {
    if (text == to_string(each)) {
      return each;
    }
  }
  return std::nullopt;
}

}  // namespace sfb::status
