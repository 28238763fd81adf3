// Where a page is cut into blocks must not matter: igzip's own reader gives the bytes back, and
// finds the CRC that was combined.
#include "agent/exposition/deflate_block.hpp"
#include "agent/exposition/gzip_member.hpp"
#include "tests/fuzz/require.hpp"

#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using sfb::fuzz::require;

std::string unpacked(std::string member, std::size_t expected) {
  std::string out(expected + 1, '\0');
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  state.next_in = reinterpret_cast<std::uint8_t*>(member.data());
  state.avail_in = static_cast<std::uint32_t>(member.size());
  state.next_out = reinterpret_cast<std::uint8_t*>(out.data());
  state.avail_out = static_cast<std::uint32_t>(out.size());
  require(isal_inflate(&state) == ISAL_DECOMP_OK);
  require(state.block_state == ISAL_BLOCK_FINISH && state.avail_in == 0);
  out.resize(state.total_out);
  return out;
}

}  // namespace

/// The first byte tells whether the blocks have kept codes, and how much each may refer to of what
/// stands before it. Then a byte n is followed by a block of n bytes, the last by what is left; a
/// byte of 255 repeats the block before it 255 times.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static sfb::exposition::BlockPacker packer;
  std::string_view left(reinterpret_cast<const char*>(data), size);
  const auto form = static_cast<unsigned char>(left.empty() ? 0 : left.front());
  left.remove_prefix(std::min<std::size_t>(1, left.size()));
  const bool kept_codes = (form & 1U) != 0;
  const std::size_t reach = std::size_t{form} * form;
  sfb::exposition::BlockCodes codes;
  sfb::exposition::GzipMember member;
  sfb::exposition::BlockRuns runs(1 + form % 7);
  std::string whole;
  std::string before;
  while (!left.empty() && whole.size() < (1U << 20U)) {
    const auto length = static_cast<unsigned char>(left.front());
    left.remove_prefix(1);
    std::string text;
    if (length == 255) {
      for (int i = 0; i < 255; ++i) {
        text += before;
      }
      before.clear();
    } else {
      text = left.substr(0, length);
      left.remove_prefix(std::min<std::size_t>(length, left.size()));
      before = text;
    }
    const std::string_view all(whole);
    const auto block =
        kept_codes ? packer.pack(text, codes, all.substr(all.size() - std::min(reach, all.size())))
                   : packer.pack(text);
    require(block.has_value());
    member.add(*block);
    // In runs, with a block that is put twice and some that come and go.
    const std::size_t place = runs.size();
    runs.resize(place + 3);
    runs.put(place + 1, *block);
    runs.put(place, packer.pack("replaced").value());
    runs.join();
    runs.resize(place + 1);
    runs.put(place, *block);
    runs.join();
    whole += text;
  }
  sfb::exposition::GzipMember of_runs;
  runs.append_to(of_runs);
  require(unpacked(std::move(of_runs).finish().joined(), whole.size()) == whole);
  require(unpacked(std::move(member).finish().joined(), whole.size()) == whole);
  return 0;
}
