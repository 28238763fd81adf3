#include "agent/exposition/igzip.hpp"

#include <fmt/format.h>

namespace sfb::exposition {

std::uint8_t* bytes_of(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

Status deflate_into(std::string& out, isal_zstream& stream, std::uint8_t* level_buffer,
                    std::string_view text, std::size_t room, std::string_view what) {
  stream.level = level_buffer != nullptr ? 1 : 0;
  stream.level_buf = level_buffer;
  stream.level_buf_size = level_buffer != nullptr ? ISAL_DEF_LVL1_DEFAULT : 0;
  stream.next_in = bytes_of(text);
  stream.avail_in = static_cast<std::uint32_t>(text.size());
  int code = COMP_OK;
  out.resize_and_overwrite(room, [&](char* data, std::size_t size) {
    stream.next_out = reinterpret_cast<std::uint8_t*>(data);
    stream.avail_out = static_cast<std::uint32_t>(size);
    code = isal_deflate_stateless(&stream);
    return code == COMP_OK ? stream.total_out : 0;
  });
  if (code != COMP_OK) {
    return fail(Reason::internal, "gzip.failed",
                fmt::format("gzip of {} of {} bytes: igzip answered {}", what, text.size(), code),
                "report this as a bug");
  }
  return {};
}

}  // namespace sfb::exposition
