// What zlib makes of a gzip member.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstddef>
#include <string>

namespace sfb::exposition {

/// zlib reads one gzip member of at most `room` bytes of text and checks its CRC and size; nothing
/// may come behind it.
inline std::string unzipped(std::string member, std::size_t room) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(room + 1, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(member.data());
  stream.avail_in = static_cast<uInt>(member.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END) << (stream.msg ? stream.msg : "");
  EXPECT_EQ(stream.avail_in, 0U) << "bytes behind the member";
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

}  // namespace sfb::exposition
