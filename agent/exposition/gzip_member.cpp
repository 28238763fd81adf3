#include "agent/exposition/gzip_member.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace sfb::exposition {
namespace {

/// ID, deflate, no flags, no time, no extra flags, an unknown system (RFC 1952).
constexpr std::string_view kHeader("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
/// A last block without text, in the fixed code: two bytes.
constexpr std::string_view kEnd("\x03\0", 2);
/// Shorter runs are copied: a piece costs a place in a list and in a call of the kernel.
constexpr std::size_t kShort = 2048;

void append_little_endian(std::string& out, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) {
    out += static_cast<char>(value & 0xFFU);
    value >>= 8U;
  }
}

}  // namespace

std::string GzipPieces::joined() const {
  std::string all;
  all.reserve(bytes);
  for (const auto& piece : list) {
    all += *piece;
  }
  return all;
}

GzipMember::GzipMember() : open_(kHeader) {}

void GzipMember::add(const DeflateBlock& block) {
  open_ += block.packed;
  count(block.crc, block.shift, block.text_bytes);
}

void GzipMember::add(const BlockRun& run) {
  if (run.packed->size() < kShort) {
    open_ += *run.packed;
  } else {
    close_piece();
    made_.bytes += run.packed->size();
    made_.list.push_back(run.packed);
  }
  count(run.crc, run.shift, run.text_bytes);
}

void GzipMember::count(std::uint32_t crc, std::uint32_t shift, std::size_t text_bytes) {
  crc_ = crc_combine(crc_, crc, shift);
  made_.text_bytes += text_bytes;
}

void GzipMember::close_piece() {
  if (open_.empty()) {
    return;
  }
  made_.bytes += open_.size();
  made_.list.push_back(std::make_shared<const std::string>(open_));  // as large as it must be
  open_.clear();
}

GzipPieces GzipMember::finish() && {
  open_ += kEnd;
  append_little_endian(open_, crc_);
  append_little_endian(open_, static_cast<std::uint32_t>(made_.text_bytes));  // modulo 2^32
  close_piece();
  return std::move(made_);
}

void BlockRuns::resize(std::size_t blocks) {
  const bool fewer = blocks < blocks_.size();
  const std::size_t runs = (blocks + blocks_of_run_ - 1) / blocks_of_run_;
  for (std::size_t run = runs; run < runs_.size(); ++run) {
    packed_bytes_ -= runs_[run].packed->size();
  }
  const std::uint32_t nothing = crc_shift(0);
  blocks_.resize(blocks, {.shift = nothing});
  runs_.resize(runs, {.packed = std::make_shared<const std::string>(), .shift = nothing});
  fresh_.clear();
  if (fewer && runs != 0) {
    make_run(runs - 1, {});  // it may have lost its last blocks
  }
}

void BlockRuns::put(std::size_t block, DeflateBlock made) {
  fresh_.push_back({block, std::move(made)});
}

void BlockRuns::join() {
  std::ranges::sort(fresh_, {}, &Fresh::block);
  const std::span<const Fresh> all(fresh_);
  for (std::size_t i = 0; i < all.size();) {
    const std::size_t run = all[i].block / blocks_of_run_;
    std::size_t end = i;
    while (end < all.size() && all[end].block / blocks_of_run_ == run) {
      ++end;
    }
    make_run(run, all.subspan(i, end - i));
    i = end;
  }
  fresh_.clear();
  fresh_.shrink_to_fit();
}

/// From what it had and its fresh blocks, in their order.
void BlockRuns::make_run(std::size_t run, std::span<const Fresh> fresh) {
  const std::size_t begin = run * blocks_of_run_;
  const std::size_t end = std::min(begin + blocks_of_run_, blocks_.size());
  const std::string_view old = *runs_[run].packed;
  std::size_t bytes = 0;
  for (std::size_t i = begin; i < end; ++i) {
    bytes += blocks_[i].packed_bytes;
  }
  for (const Fresh& each : fresh) {
    bytes = bytes - blocks_[each.block].packed_bytes + each.made.packed.size();
  }
  std::string packed;
  packed.reserve(bytes);
  BlockRun made{.packed = {}, .crc = 0, .shift = 0, .text_bytes = 0};
  std::size_t at = 0;
  for (std::size_t i = begin; i < end; ++i) {
    Block& block = blocks_[i];
    const std::string_view before = old.substr(at, block.packed_bytes);
    at += block.packed_bytes;
    if (!fresh.empty() && fresh.front().block == i) {
      const DeflateBlock& now = fresh.front().made;
      block = {now.crc, now.shift, now.text_bytes, static_cast<std::uint32_t>(now.packed.size())};
      packed += now.packed;
      fresh = fresh.subspan(1);
    } else {
      packed += before;
    }
    made.crc = crc_combine(made.crc, block.crc, block.shift);
    made.text_bytes += block.text_bytes;
  }
  made.shift = crc_shift(made.text_bytes);
  packed_bytes_ = packed_bytes_ - old.size() + bytes;
  made.packed = std::make_shared<const std::string>(std::move(packed));
  runs_[run] = std::move(made);
}

void BlockRuns::append_to(GzipMember& member) const {
  for (const BlockRun& run : runs_) {
    member.add(run);
  }
}

std::size_t BlockRuns::held_bytes() const {
  return packed_bytes_ + blocks_.size() * sizeof(Block) + runs_.size() * sizeof(BlockRun);
}

}  // namespace sfb::exposition
