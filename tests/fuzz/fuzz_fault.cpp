// Any code, subcode and text as a fault: our message stays ours, and a shown fault is one line.
// Input: code, a line feed, subcode, a line feed, text.
#include "agent/base/text.hpp"
#include "agent/wsman/fault.hpp"
#include "tests/fuzz/require.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

using sfb::fuzz::require;

namespace {

// Of subcode and text, whatever is cut behind them.
constexpr std::size_t kPart = 990;

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

std::string_view take_line(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  sfb::wsman::Fault fault;
  const std::string_view code = take_line(rest);
  std::uint32_t number = 0;
  if (std::from_chars(code.data(), code.data() + code.size(), number).ec == std::errc()) {
    fault.code = number;
  }
  fault.subcode = take_line(rest);
  fault.text = rest;

  const sfb::wsman::Meaning& meaning = sfb::wsman::meaning_of(fault);
  const sfb::Error error = sfb::wsman::to_error(fault);
  require(error.code == meaning.code && error.remedy == meaning.remedy);
  require(error.message.starts_with(meaning.message));
  // Behind our words stand the number and a subcode of the standards, if anything.
  const std::string_view behind = std::string_view(error.message).substr(meaning.message.size());
  const std::string numbered = fault.code ? fmt::format("fault {}", *fault.code) : std::string();
  const bool named = std::ranges::all_of(fault.subcode, is_letter) && fault.subcode.size() < 40;
  require((behind.empty() && numbered.empty()) || behind == fmt::format(" ({})", numbered) ||
          (named && (behind == fmt::format(" ({}, {})", numbered, fault.subcode) ||
                     behind == fmt::format(" (fault {})", fault.subcode))));
  require(error.peer.size() <= sfb::kPeerText);
  require(error.peer.contains(fault.text.substr(0, kPart)) || fault.subcode.size() > kPart);
  require(std::ranges::none_of(sfb::describe(error),
                               [](char c) { return static_cast<unsigned char>(c) < 0x20; }));
  return 0;
}
