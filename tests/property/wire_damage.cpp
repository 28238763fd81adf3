#include "tests/property/wire_damage.hpp"

#include "agent/psrp/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <utility>

namespace sfb::property {

namespace {

constexpr std::size_t kHeader = psrp::kMessageHeader;
const Guid kForeign = parse_guid("deadbeef-0000-4000-8000-000000000001").value();

struct Place {
  std::size_t group;
  std::size_t line;
  std::size_t fragment;
};

std::string show(const Place& place) {
  return fmt::format("fragment {} of line {} of group {}", place.fragment, place.line, place.group);
}

std::vector<Place> places_of(const Conversation& conversation, std::size_t first = 0) {
  std::vector<Place> places;
  for (std::size_t g = first; g < conversation.groups.size(); ++g) {
    for (std::size_t l = 0; l < conversation.groups[g].size(); ++l) {
      for (std::size_t f = 0; f < conversation.groups[g][l].fragments.size(); ++f) {
        places.push_back({g, l, f});
      }
    }
  }
  return places;
}

std::vector<Whole> messages_from(const Conversation& conversation, std::size_t first) {
  auto messages = messages_of(conversation);
  std::erase_if(messages, [&](const Whole& message) { return message.lines[0].first < first; });
  return messages;
}

Fragment& at(Conversation& conversation, const Place& place) {
  return conversation.groups[place.group][place.line].fragments[place.fragment];
}

void erase(Conversation& conversation, const Place& place) {
  auto& fragments = conversation.groups[place.group][place.line].fragments;
  fragments.erase(fragments.begin() + static_cast<std::ptrdiff_t>(place.fragment));
}

template <typename Change>
void with_change(const Conversation& whole, const WireSink& sink, const std::string& what,
                 Change change) {
  Conversation damaged = whole;
  change(damaged);
  sink(damaged, what);
}

void damage_lines(const Conversation& whole, std::size_t first, const WireSink& sink) {
  for (std::size_t g = first; g < whole.groups.size(); ++g) {
    with_change(whole, sink, fmt::format("group {} is lost", g),
                [&](Conversation& c) { c.groups[g].clear(); });
    for (std::size_t l = 0; l < whole.groups[g].size(); ++l) {
      const std::string name = fmt::format("line {} of group {}", l, g);
      const auto place = static_cast<std::ptrdiff_t>(l);
      with_change(whole, sink, name + " is lost",
                  [&](Conversation& c) { c.groups[g].erase(c.groups[g].begin() + place); });
      with_change(whole, sink, name + " and all behind it are lost",
                  [&](Conversation& c) { c.groups[g].resize(l); });
      with_change(whole, sink, name + " comes twice", [&](Conversation& c) {
        const Line copy = c.groups[g][l];
        c.groups[g].insert(c.groups[g].begin() + place, copy);
      });
      for (const Guid& id : {Guid{}, kForeign, whole.ids.back()}) {
        with_change(whole, sink, name + " is for " + to_string(id),
                    [&](Conversation& c) { c.groups[g][l].id = id; });
      }
      if (l + 1 < whole.groups[g].size()) {
        with_change(whole, sink, name + " comes later",
                    [&](Conversation& c) { std::swap(c.groups[g][l], c.groups[g][l + 1]); });
      }
      if (g + 1 < whole.groups.size()) {
        with_change(whole, sink, name + " comes with the next group", [&](Conversation& c) {
          c.groups[g + 1].insert(c.groups[g + 1].begin(), c.groups[g][l]);
          c.groups[g].erase(c.groups[g].begin() + place);
        });
      }
    }
  }
}

// Everything beside the messages' bytes.
bool same_headers(const Conversation& whole, const Conversation& damaged) {
  const auto places = places_of(whole);
  if (places.size() != places_of(damaged).size() || whole.groups.size() != damaged.groups.size()) {
    return false;
  }
  for (const Place& place : places) {
    const Line& first = whole.groups[place.group][place.line];
    const auto& lines = damaged.groups[place.group];
    if (place.line >= lines.size() || lines[place.line].id != first.id ||
        place.fragment >= lines[place.line].fragments.size()) {
      return false;
    }
    const Fragment& a = first.fragments[place.fragment];
    const Fragment& b = lines[place.line].fragments[place.fragment];
    if (a.object != b.object || a.number != b.number || a.flags != b.flags || b.claimed) {
      return false;
    }
  }
  return true;
}

}  // namespace

Difference difference(const Conversation& whole, const Conversation& damaged) {
  Conversation read = damaged;
  for (auto& group : read.groups) {
    for (Line& line : group) {
      auto fragments = line.raw ? read_fragments(*line.raw) : line.fragments;
      if (!fragments) {
        return Difference::structure;
      }
      line.fragments = std::move(*fragments);
    }
  }
  if (!same_headers(whole, read)) {
    return Difference::structure;
  }
  const auto before = messages_of(whole);
  const auto behind = messages_of(read);
  Difference worst = Difference::none;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (behind[i].bytes == before[i].bytes) {
      continue;
    }
    if (behind[i].bytes.substr(0, kHeader) != before[i].bytes.substr(0, kHeader)) {
      return Difference::structure;
    }
    constexpr std::size_t kBom = 3;
    worst =
        both(worst,
             difference(read_tree(std::string_view(before[i].bytes).substr(kHeader + kBom)),
                        read_tree(std::string_view(behind[i].bytes)
                                      .substr(std::min(kHeader + kBom, behind[i].bytes.size())))));
  }
  return worst;
}

void damage_order(const Conversation& whole, std::size_t first, const WireSink& sink) {
  damage_lines(whole, first, sink);
  const auto places = places_of(whole, first);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const std::string name = show(places[i]);
    with_change(whole, sink, name + " is lost", [&](Conversation& c) { erase(c, places[i]); });
    with_change(whole, sink, name + " comes twice", [&](Conversation& c) {
      auto& fragments = c.groups[places[i].group][places[i].line].fragments;
      const Fragment copy = fragments[places[i].fragment];
      fragments.insert(fragments.begin() + static_cast<std::ptrdiff_t>(places[i].fragment), copy);
    });
    for (std::size_t k = i + 1; k < std::min(i + 4, places.size()); ++k) {
      with_change(whole, sink, name + " is swapped with " + show(places[k]),
                  [&](Conversation& c) { std::swap(at(c, places[i]), at(c, places[k])); });
    }
  }
  const auto messages = messages_from(whole, first);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    with_change(whole, sink, fmt::format("message {} is lost", i), [&](Conversation& c) {
      for (std::size_t f = messages[i].lines.size(); f-- > 0;) {
        const auto [group, line] = messages[i].lines[f];
        erase(c, {group, line, messages[i].fragments[f]});
      }
    });
  }
}

void damage_headers(const Conversation& whole, std::size_t first, std::size_t of, Random& random,
                    const WireSink& sink) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  for (const Place& place : places_of(whole, first)) {
    Conversation copy = whole;
    const Fragment old = at(copy, place);
    const auto try_fragment = [&](const std::string& what, const Fragment& changed) {
      if (below(random, of) == 0) {
        at(copy, place) = changed;
        sink(copy, fmt::format("{}: {}", show(place), what));
      }
    };
    std::set<std::uint64_t> ids = {0, 1, old.object - 1, old.object + 1, old.object + 2, kMost};
    ids.erase(old.object);
    for (const std::uint64_t id : ids) {
      Fragment changed = old;
      changed.object = id;
      try_fragment(fmt::format("object {}", id), changed);
    }
    for (const std::uint64_t number : {old.number + 1, old.number - 1, old.number + 1000}) {
      Fragment changed = old;
      changed.number = number;
      try_fragment(fmt::format("number {}", number), changed);
    }
    for (unsigned flags = 0; flags < 8; ++flags) {
      Fragment changed = old;
      changed.flags = flags;
      if (flags != old.flags) {
        try_fragment(fmt::format("flags {}", flags), changed);
      }
    }
    const auto size = static_cast<std::uint32_t>(old.blob.size());
    for (const std::uint32_t length : {0U, 1U, size - 1, size + 1, size + 21, size / 2, ~0U}) {
      Fragment changed = old;
      changed.claimed = length;
      try_fragment(fmt::format("length {}", length), changed);
    }
  }
  constexpr std::array<std::uint32_t, 22> kTypes = {
      0x00010002, 0x00021004, 0x00021005, 0x00021006, 0x00021008, 0x00021009,
      0x0002100B, 0x00021100, 0x00041002, 0x00041003, 0x00041004, 0x00041005,
      0x00041006, 0x00041007, 0x00041008, 0x00041009, 0x00041010, 0x00041011,
      0x00041100, 0x00041101, 0,          0x00051234};
  const auto messages = messages_from(whole, first);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto old = psrp::decode(messages[i].bytes);
    if (!old) {
      continue;
    }
    Conversation copy = whole;
    const auto try_message = [&](const std::string& what, psrp::Message changed) {
      if (below(random, of) == 0) {
        changed.body = messages[i].bytes.substr(kHeader);
        replace(copy, messages[i], psrp::encode(changed));
        sink(copy, fmt::format("message {} ({}): {}", i, psrp::to_string(old->type), what));
      }
    };
    for (const std::uint32_t type : kTypes) {
      psrp::Message changed = *old;
      changed.type = static_cast<psrp::MessageType>(type);
      if (changed.type != old->type) {
        try_message("type " + psrp::to_string(changed.type), changed);
      }
    }
    for (const Guid& id : {Guid{}, kForeign, whole.ids.front(), whole.ids.back()}) {
      psrp::Message changed = *old;
      changed.pid = id;
      try_message("pipeline " + to_string(id), changed);
      changed = *old;
      changed.rpid = id;
      try_message("pool " + to_string(id), changed);
    }
    psrp::Message changed = *old;
    changed.destination = psrp::Destination::server;
    try_message("for the server", changed);
  }
}

void damage_bytes(const Conversation& whole, std::size_t first, std::size_t budget, Random& random,
                  const WireSink& sink) {
  const auto messages = messages_from(whole, first);
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const std::string head = messages[i].bytes.substr(0, kHeader);
    const std::string body = messages[i].bytes.substr(std::min(kHeader, messages[i].bytes.size()));
    Edits edits(body, budget, random);
    for (const auto& some :
         {edits.fitting_cuts(), edits.fitting_doubles(), edits.anywhere(), edits.truncations()}) {
      for (const Edit& edit : some) {
        with_change(whole, sink, fmt::format("message {}, {}", i, show(body, edit)),
                    [&](Conversation& c) { replace(c, messages[i], head + edited(body, edit)); });
      }
    }
  }
  for (std::size_t g = first; g < whole.groups.size(); ++g) {
    for (std::size_t l = 0; l < whole.groups[g].size(); ++l) {
      const std::string bytes = bytes_of(whole.groups[g][l]);
      if (bytes.empty()) {
        continue;
      }
      Edits edits(bytes, budget, random);
      for (const Edit& edit : edits.anywhere()) {
        with_change(whole, sink, fmt::format("line {} of group {}, {}", l, g, show(bytes, edit)),
                    [&](Conversation& c) { c.groups[g][l].raw = edited(bytes, edit); });
      }
    }
  }
}

}  // namespace sfb::property
