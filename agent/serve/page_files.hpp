// The files of agent/serve/page as they were when the program was built (CMakeLists.txt makes
// page_files.cpp of them).
#pragma once

#include <span>
#include <string_view>

namespace sfb::serve {

struct PageFile {
  std::string_view name;  ///< `overview.mustache`
  std::string_view hash;  ///< the beginning of its SHA-256, hexadecimal
  std::string_view content;
};

std::span<const PageFile> page_files();

}  // namespace sfb::serve
