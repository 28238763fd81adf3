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

}  // namespace sfb::status
