#include "agent/psrp/fragment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace sfb::psrp {

namespace {

constexpr unsigned kStart = 1;
constexpr unsigned kEnd = 2;

void put_big_endian(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = (value << 8U) | static_cast<unsigned char>(c);
  }
  return value;
}

struct Header {
  std::uint64_t object;
  std::uint64_t fragment;
  unsigned flags;
  std::uint64_t length;
};

// `bytes` holds at least a header.
Header read_header(std::string_view bytes) {
  return {big_endian(bytes.substr(0, 8)), big_endian(bytes.substr(8, 8)),
          static_cast<unsigned char>(bytes[16]), big_endian(bytes.substr(17, 4))};
}

std::unexpected<Error> broken(Reason reason, std::string code, std::string message) {
  return fail(reason, std::move(code), std::move(message),
              reason == Reason::parse
                  ? "raise limits.object if that is what the server has to say"
                  : "the run is given up; if it happens again, look whether something between the "
                    "agent and the server changes the traffic");
}

}  // namespace

FragmentLimits fragment_limits(const Limits& limits) {
  FragmentLimits result;
  result.object = limits.object;
  result.total = 2 * limits.object;
  return result;
}

std::vector<std::string> make_fragments(std::uint64_t object_id, std::string_view message,
                                        std::size_t max_blob) {
  const std::size_t step = std::max<std::size_t>(max_blob, 1);
  std::vector<std::string> fragments;
  std::size_t at = 0;
  do {
    const std::string_view blob = message.substr(at, step);
    const bool last = at + blob.size() == message.size();
    std::string fragment;
    fragment.reserve(kFragmentHeader + blob.size());
    put_big_endian(fragment, object_id, 8);
    put_big_endian(fragment, fragments.size(), 8);
    fragment += static_cast<char>((at == 0 ? kStart : 0U) | (last ? kEnd : 0U));
    put_big_endian(fragment, blob.size(), 4);
    fragment += blob;
    fragments.push_back(std::move(fragment));
    at += blob.size();
  } while (at < message.size());
  return fragments;
}

Result<std::vector<std::string>> Defragmenter::feed(std::string_view bytes) {
  std::vector<std::string> complete;
  if (broken_) {
    return broken(Reason::protocol, "psrp.fragment_gap", "the stream of fragments broke before");
  }
  // Only a cut fragment is copied; whole ones are read where they lie.
  std::string joined;
  if (!cut_.empty()) {
    joined = std::exchange(cut_, {});
    joined += bytes;
    bytes = joined;
  }
  while (!bytes.empty()) {
    if (bytes.size() < kFragmentHeader) {
      keep_cut(bytes, joined);
      break;
    }
    const Header header = read_header(bytes);
    // Before its length: where bytes are missing, a header is read from the middle of something,
    // and no limit is to be raised for that.
    if (Status fits = check(header.object, header.fragment, header.flags); !fits) {
      broken_ = true;
      return std::unexpected(std::move(fits.error()));
    }
    if (header.length > limits_.object) {
      broken_ = true;
      return broken(Reason::parse, "psrp.too_large",
                    fmt::format("a fragment announces {} bytes, more than limits.object ({})",
                                header.length, limits_.object));
    }
    if (bytes.size() - kFragmentHeader < header.length) {
      keep_cut(bytes, joined);
      break;
    }
    const std::string_view blob = bytes.substr(kFragmentHeader, header.length);
    bytes.remove_prefix(kFragmentHeader + blob.size());
    if (Status taken = take(header.object, header.fragment, header.flags, blob, complete); !taken) {
      broken_ = true;
      return std::unexpected(std::move(taken.error()));
    }
  }
  return complete;
}

void Defragmenter::keep_cut(std::string_view rest, std::string& joined) {
  // Moved when nothing of it was used: a peer that sends single bytes must not cost a copy for
  // each.
  if (rest.data() == joined.data() && rest.size() == joined.size()) {
    cut_ = std::move(joined);
  } else {
    cut_ = rest;
  }
}

Status Defragmenter::check(std::uint64_t object, std::uint64_t fragment, unsigned flags) const {
  if ((flags & ~(kStart | kEnd)) != 0) {
    return broken(Reason::protocol, "psrp.fragment_flags",
                  fmt::format("a fragment has the unknown flags 0x{:02x}", flags));
  }
  const bool starts = (flags & kStart) != 0;
  const auto open = open_.find(object);
  // Ids may be used again for another message, but not while the first one is unfinished.
  if (starts != (fragment == 0) || starts != (open == open_.end()) ||
      (!starts && open->second.next != fragment)) {
    return broken(Reason::protocol, "psrp.fragment_gap",
                  fmt::format("fragment {} of object {} came where {} was expected", fragment,
                              object, open == open_.end() ? 0 : open->second.next));
  }
  return {};
}

// The fragment was checked.
Status Defragmenter::take(std::uint64_t object, std::uint64_t fragment, unsigned flags,
                          std::string_view blob, std::vector<std::string>& complete) {
  const bool starts = (flags & kStart) != 0;
  auto open = open_.find(object);
  if (starts) {
    if (begins_) {
      begins_(object);
    }
    if ((flags & kEnd) != 0) {
      complete.emplace_back(blob);
      return {};
    }
    if (open_.size() >= limits_.open_objects) {
      return broken(
          Reason::parse, "psrp.too_large",
          fmt::format("more than {} messages are unfinished at once", limits_.open_objects));
    }
    open = open_.emplace(object, Open{}).first;
  }
  Open& target = open->second;
  if (blob.size() > limits_.object - std::min(limits_.object, target.bytes.size())) {
    return broken(Reason::parse, "psrp.too_large",
                  fmt::format("a message is larger than limits.object ({} bytes)", limits_.object));
  }
  if (blob.size() > limits_.total - std::min(limits_.total, held_)) {
    return broken(Reason::parse, "psrp.too_large",
                  fmt::format("unfinished messages hold more than {} bytes", limits_.total));
  }
  target.bytes += blob;
  target.next = fragment + 1;
  held_ += blob.size();
  if ((flags & kEnd) != 0) {
    held_ -= target.bytes.size();
    complete.push_back(std::move(target.bytes));
    open_.erase(open);
  }
  return {};
}

}  // namespace sfb::psrp
