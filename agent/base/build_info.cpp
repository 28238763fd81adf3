#include "agent/base/build_info.hpp"

#include <fmt/format.h>

namespace sfb {

BuildFacts build_facts() {
  return {SFB_VERSION, SFB_REVISION, SFB_COMPILER, SFB_PLATFORM};
}

std::string version_text(std::string_view program) {
  const BuildFacts build = build_facts();
  return fmt::format("{}, version {} (revision: {})\n  compiler: {}\n  platform: {}\n", program,
                     build.version, build.revision, build.compiler, build.platform);
}

}  // namespace sfb
