#include "tests/simulator/yaml.hpp"

#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

namespace sim {

void complain(const Item& item, const std::string& what) {
  throw Mistake(place_of(item) + what);
}

std::string place_of(const Item& item) {
  const YAML::Mark mark = item.node.Mark();
  // What is not there (an empty file) has no place.
  const int line = mark.is_null() ? 1 : mark.line + 1;
  const int column = mark.is_null() ? 1 : mark.column + 1;
  return fmt::format("{}:{}: {}: ", line, column, item.key);
}

void read_map(const Item& item, const Readers& readers,
              const std::function<bool(const Item&)>& others) {
  if (!item.node.IsMap()) {
    complain(item, "a map is expected here");
  }
  std::set<std::string> seen;
  for (const auto& pair : item.node) {
    // `null` is the name of a key here.
    const Item key{pair.first.IsNull()     ? "null"
                   : pair.first.IsScalar() ? pair.first.Scalar()
                                           : "the key",
                   pair.first};
    if (!key.node.IsNull() && !key.node.IsScalar()) {
      complain(key, "is no text");
    }
    if (!seen.insert(key.key).second) {
      complain(key, "is written twice");
    }
    const Item value{key.key, pair.second};
    if (const auto reader = readers.find(key.key); reader != readers.end()) {
      reader->second(value);
    } else if (!others || !others(value)) {
      std::vector<std::string> known;
      std::ranges::transform(readers, std::back_inserter(known),
                             [](const auto& one) { return one.first; });
      complain(key, fmt::format("unknown here, known are {}", fmt::join(known, ", ")));
    }
  }
}

void read_list(const Item& item, const Reader& reader) {
  if (!item.node.IsSequence()) {
    complain(item, "a list is expected here");
  }
  for (const YAML::Node& node : item.node) {
    reader({item.key, node});
  }
}

Item entry(const Item& map, const std::string& key) {
  const YAML::Node& node = map.node;
  return {key, node.IsMap() ? node[key] : YAML::Node(YAML::NodeType::Undefined)};
}

std::string text_of(const Item& item) {
  if (!item.node.IsScalar()) {
    complain(item, "a text is expected here");
  }
  return item.node.Scalar();
}

bool flag_of(const Item& item) {
  bool value = false;
  if (!item.node.IsScalar() || !YAML::convert<bool>::decode(item.node, value)) {
    complain(item, "write true or false");
  }
  return value;
}

Millis duration_of(const Item& item) {
  const std::string text = text_of(item);
  const auto read = sfb::parse_duration(text);
  if (!read) {
    complain(item, fmt::format("\"{}\" is no duration, write 500ms, 3s or 2m", text));
  }
  return *read;
}

Reader into(std::string& target) {
  return [&target](const Item& item) { target = text_of(item); };
}

Reader into(bool& target) {
  return [&target](const Item& item) { target = flag_of(item); };
}

Reader into(Millis& target) {
  return [&target](const Item& item) { target = duration_of(item); };
}

Reader into(std::vector<std::string>& target) {
  return [&target](const Item& item) {
    target.clear();
    read_list(item, [&](const Item& one) { target.push_back(text_of(one)); });
  };
}

Reader into_line(std::string& target) {
  return [&target](const Item& item) {
    target = text_of(item);
    if (std::ranges::any_of(target, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) {
      complain(item, "control characters cannot be here");
    }
  };
}

Reader one_of(std::string& target, std::vector<std::string> allowed) {
  return [&target, allowed = std::move(allowed)](const Item& item) {
    target = text_of(item);
    if (std::ranges::find(allowed, target) == allowed.end()) {
      complain(item, fmt::format("\"{}\" is none of {}", target, fmt::join(allowed, ", ")));
    }
  };
}

}  // namespace sim
