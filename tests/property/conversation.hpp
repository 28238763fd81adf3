// One conversation of transport `ssh` as data: what the server writes for each line of the client.
// Recorded by Microsoft's engine, or put together from messages; damaged, and played to the
// product's own session.
#pragma once

#include "agent/base/guid.hpp"
#include "agent/psrp/outofproc.hpp"
#include "agent/remote/session/asking.hpp"
#include "tests/property/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sfb::property {

struct Fragment {
  std::uint64_t object = 0;
  std::uint64_t number = 0;
  unsigned flags = 3;
  std::string blob;
  std::optional<std::uint32_t> claimed;  ///< another length than the blob's
};

/// A line of the server.
struct Line {
  psrp::PacketKind kind = psrp::PacketKind::data;
  Guid id;
  std::vector<Fragment> fragments;  ///< of `data`
  std::optional<std::string> raw;   ///< stands in the place of the fragments' bytes
};
std::string bytes_of(const Line& line);
/// nullopt: they do not end with a fragment.
std::optional<std::vector<Fragment>> read_fragments(std::string_view bytes);

struct Conversation {
  std::string name;
  remote::Language language = remote::Language::none;
  std::vector<Guid> ids;                  ///< of the pool, then of each pipeline
  std::vector<std::vector<Line>> groups;  ///< for the client's first line, its second one, ...
};

/// Every recorded pipeline, asked for as a command; a script that is refused and then the command;
/// scripts with the agent's extras; and all of them in small fragments.
std::vector<Conversation> conversations();

/// What the agent's session makes of it.
Outcome outcome_of(const Conversation& conversation);

/// A message with all its fragments.
struct Whole {
  Guid stream;
  std::vector<std::pair<std::size_t, std::size_t>> lines;  ///< group and line of each fragment
  std::vector<std::size_t> fragments;                      ///< its number in that line
  std::string bytes;                                       ///< header and body
};
std::vector<Whole> messages_of(const Conversation& conversation);
/// The same message with other bytes: in as many fragments, the last one takes what is more or
/// less.
void replace(Conversation& conversation, const Whole& message, std::string_view bytes);

}  // namespace sfb::property
