#include "agent/app/build_info.hpp"

#include <fmt/format.h>

namespace sfb::app {

serve::BuildInfo build_info() {
  return {SFB_VERSION, SFB_REVISION, SFB_COMPILER};
}

std::string version_text() {
  return fmt::format(
      "sfb_backup_exporter, version {} (revision: {})\n  compiler: {}\n  platform: {}\n",
      SFB_VERSION, SFB_REVISION, SFB_COMPILER, SFB_PLATFORM);
}

}  // namespace sfb::app
