#include "agent/status/evaluation.hpp"

namespace sfb::status {

std::string_view to_string(Source source) {
  switch (source) {
    case Source::live:
      return "live";
    case Source::joined:
      return "joined";
    case Source::cache:
      return "cache";
  }
  return "live";
}

}  // namespace sfb::status
