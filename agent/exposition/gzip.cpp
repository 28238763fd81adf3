// One shot of ISA-L's igzip at level 1: on metric pages many times as fast as zlib's level 1, for
// about a tenth more bytes (tests/bench/exposition_bench.cpp).
#include "agent/exposition/gzip.hpp"

#include "agent/exposition/igzip.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace sfb::exposition {
namespace {

/// What deflate costs at worst: five bytes per stored block of 64 KiB, and gzip's header and
/// trailer. igzip falls back to stored blocks when compressing would not help.
constexpr std::size_t worst_case(std::size_t bytes) {
  constexpr std::size_t kStoredBlock = 65535;
  constexpr std::size_t kBlockHeader = 5;
  constexpr std::size_t kMember = 18;
  constexpr std::size_t kSlack = 64;
  return bytes + (bytes / kStoredBlock + 1) * kBlockHeader + kMember + kSlack;
}

}  // namespace

Result<std::string> gzip(std::string_view bytes) {
  const std::size_t room = worst_case(bytes.size());
  if (room > std::numeric_limits<std::uint32_t>::max()) {
    return fail(Reason::internal, "gzip.too_large",
                fmt::format("gzip of a body: {} bytes are more than one call takes", bytes.size()),
                "configure fewer pools for one agent");
  }
  const auto level_buffer = std::make_unique_for_overwrite<std::uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  std::string out;
  if (Status done = deflate_into(out, stream, level_buffer.get(), bytes, room, "a body"); !done) {
    return std::unexpected(std::move(done.error()));
  }
  // A metrics page shrinks more than tenfold and stays in memory until the next change.
  out.shrink_to_fit();
  return out;
}

}  // namespace sfb::exposition
