# Makes page_files.cpp of the files of this folder: the program needs no files beside it.
set(files style.css live.js icon.svg overview.mustache pool.mustache frame_top.mustache frame_end.mustache side.mustache notice.mustache notice_main.mustache login.mustache)
set(rows "")
foreach(file ${files})
  set(path ${CMAKE_CURRENT_LIST_DIR}/${file})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} content)
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(APPEND rows "    {\"${file}\", \"${hash}\", R\"page_file(${content})page_file\"},\n")
endforeach()
set(source "// Made by agent/serve/page/embed.cmake.
#include \"agent/serve/page_files.hpp\"

#include <array>

namespace sfb::serve {

std::span<const PageFile> page_files() {
  static constexpr auto kFiles = std::to_array<PageFile>({
${rows}  });
  return kFiles;
}

}  // namespace sfb::serve
")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/page_files.cpp CONTENT "@source@" @ONLY)
