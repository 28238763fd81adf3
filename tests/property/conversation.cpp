#include "tests/property/conversation.hpp"

#include "agent/base/base64.hpp"
#include "agent/psrp/message.hpp"
#include "agent/remote/process/process_session.hpp"
#include "collectors/question.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>
#include <variant>

namespace sfb::property {

namespace {

using remote::ProcessSession;

void put(std::string& out, std::uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) {
    out += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
}

std::uint64_t number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) {
    value = (value << 8U) | static_cast<unsigned char>(c);
  }
  return value;
}

std::string text_of(const std::vector<Line>& lines) {
  std::string text;
  for (const Line& line : lines) {
    const std::string id = to_string(line.id);
    text += line.kind == psrp::PacketKind::data
                ? fmt::format("<Data Stream='Default' PSGuid='{}'>{}</Data>\n", id,
                              base64_encode(bytes_of(line)))
                : fmt::format("<{} PSGuid='{}' />\n", psrp::to_string(line.kind), id);
  }
  return text;
}

// Plays the server's part until the run is over.
Result<PipelineResult> play(const Conversation& conversation) {
  std::size_t next_id = 0;
  remote::ProcessSessionOptions options;
  options.language = conversation.language;
  options.guids = [&] {
    return next_id < conversation.ids.size() ? conversation.ids[next_id++] : random_guid();
  };
  ProcessSession session(std::move(options));
  MonoTime now{};
  std::size_t heard = 0;
  const Call call = collectors::make_call({Fqdn::parse("atl-cs-001.litwareinc.com").value()});
  ProcessSession::Next next =
      session.run(call, now, now + std::chrono::seconds(60), std::chrono::seconds(30));
  for (int steps = 0; steps < 100; ++steps) {
    if (auto* const finished = std::get_if<ProcessSession::Finished>(&next)) {
      return std::move(finished->result);
    }
    const auto* const wait = std::get_if<ProcessSession::Wait>(&next);
    if (wait == nullptr) {
      next = session.started();
      continue;
    }
    const std::string text = wait->line.empty() || heard >= conversation.groups.size()
                                 ? std::string()
                                 : text_of(conversation.groups[heard]);
    heard += wait->line.empty() ? 0 : 1;
    if (text.empty()) {
      now = wait->until;
      next = session.timed_out(now);
    } else {
      next = session.received(text, now);
    }
  }
  return fail(Reason::internal, "property.endless", "it never ends");
}

}  // namespace

std::string bytes_of(const Line& line) {
  if (line.raw) {
    return *line.raw;
  }
  std::string bytes;
  for (const Fragment& fragment : line.fragments) {
    put(bytes, fragment.object, 8);
    put(bytes, fragment.number, 8);
    put(bytes, fragment.flags, 1);
    put(bytes, fragment.claimed.value_or(static_cast<std::uint32_t>(fragment.blob.size())), 4);
    bytes += fragment.blob;
  }
  return bytes;
}

std::optional<std::vector<Fragment>> read_fragments(std::string_view bytes) {
  constexpr std::size_t kHeader = 21;
  std::vector<Fragment> fragments;
  while (!bytes.empty()) {
    if (bytes.size() < kHeader) {
      return std::nullopt;
    }
    const std::uint64_t length = number(bytes.substr(17, 4));
    if (length > bytes.size() - kHeader) {
      return std::nullopt;
    }
    fragments.push_back({.object = number(bytes.substr(0, 8)),
                         .number = number(bytes.substr(8, 8)),
                         .flags = static_cast<unsigned char>(bytes[16]),
                         .blob = std::string(bytes.substr(kHeader, length)),
                         .claimed = {}});
    bytes.remove_prefix(kHeader + length);
  }
  return fragments;
}

Outcome outcome_of(const Conversation& conversation) {
  return outcome_of(play(conversation));
}

std::vector<Whole> messages_of(const Conversation& conversation) {
  std::vector<Whole> all;
  std::map<std::pair<Guid, std::uint64_t>, std::size_t> open;
  for (std::size_t g = 0; g < conversation.groups.size(); ++g) {
    for (std::size_t l = 0; l < conversation.groups[g].size(); ++l) {
      const Line& line = conversation.groups[g][l];
      for (std::size_t f = 0; f < line.fragments.size(); ++f) {
        const Fragment& fragment = line.fragments[f];
        const auto key = std::pair(line.id, fragment.object);
        if ((fragment.flags & 1U) != 0) {
          open[key] = all.size();
          all.push_back({line.id, {}, {}, {}});
        }
        const auto found = open.find(key);
        if (found == open.end()) {
          continue;
        }
        Whole& message = all[found->second];
        message.lines.emplace_back(g, l);
        message.fragments.push_back(f);
        message.bytes += fragment.blob;
      }
    }
  }
  return all;
}

void replace(Conversation& conversation, const Whole& message, std::string_view bytes) {
  for (std::size_t i = 0; i < message.lines.size(); ++i) {
    const auto [group, line] = message.lines[i];
    Fragment& fragment = conversation.groups[group][line].fragments[message.fragments[i]];
    const bool last = i + 1 == message.lines.size();
    const std::size_t size = last ? bytes.size() : std::min(fragment.blob.size(), bytes.size());
    fragment.blob = bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
}

}  // namespace sfb::property
