// What this build is: for --version of every program, and for the metric of the build.
#pragma once

#include <string>
#include <string_view>

namespace sfb {

/// Texts of the build; each lives as long as the program.
struct BuildFacts {
  std::string_view version;
  std::string_view revision;  ///< of the sources; `unknown` where that was not known
  std::string_view compiler;
  std::string_view platform;
};

BuildFacts build_facts();

/// Several lines for --version: the program's name, version, revision, compiler, platform.
std::string version_text(std::string_view program);

}  // namespace sfb
