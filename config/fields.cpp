#include "config/fields.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/near.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <unordered_map>
#include <utility>

namespace sfb::config {

namespace {

struct SizeUnit {
  std::string_view name;
  std::size_t bytes;
};

constexpr std::array kSizeUnits = {SizeUnit{"GiB", 1UL << 30U}, SizeUnit{"MiB", 1UL << 20U},
                                   SizeUnit{"KiB", 1UL << 10U}, SizeUnit{"", 1}};

std::optional<std::size_t> parse_number(std::string_view text) {
  std::size_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || after != end) {
    return std::nullopt;
  }
  return value;
}

// The known key that `word` may have been meant as; empty without one.
std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  const auto names = near_names(word, known);
  return names.empty() ? std::string_view() : names.front();
}

std::string_view kind_text(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "nothing";
}

}  // namespace

std::string key_text(std::string_view key) {
  const auto end = std::ranges::find_if_not(key, is_name_character);
  if (end != key.end()) {
    // What follows may be a value: `password:hunter2` lacks only a blank.
    return quote(std::string_view(key.begin(), end), 64) + "...";
  }
  return !key.empty() && key.size() <= 64 ? std::string(key) : quote(key, 64);
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7F; });
}

std::optional<std::size_t> parse_size(std::string_view text) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (!text.ends_with(unit.name)) {
      continue;
    }
    const auto number = parse_number(text.substr(0, text.size() - unit.name.size()));
    if (!number || *number > std::numeric_limits<std::size_t>::max() / unit.bytes) {
      return std::nullopt;
    }
    return *number * unit.bytes;
  }
  return std::nullopt;
}

std::string format_size(std::size_t bytes) {
  for (const SizeUnit& unit : kSizeUnits) {
    if (bytes >= unit.bytes && bytes % unit.bytes == 0) {
      return fmt::format("{}{}", bytes / unit.bytes, unit.name);
    }
  }
  return "0";
}

Section::Section(const Node& node, std::string path, Problems& problems, UnknownKeys unknown)
    : node_(node), path_(std::move(path)), problems_(problems), unknown_(unknown) {
  if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
    problems_.add(node.position(), path_, fmt::format("is {}", kind_text(node.kind)),
                  "must be a map of keys and values");
    return;
  }
  std::unordered_map<std::string_view, const Node*> first;
  for (const Entry& entry : node.entries) {
    const auto [seen, is_new] = first.emplace(entry.key->text, entry.key);
    if (is_new) {
      entries_.push_back(entry);
    } else {
      const bool hidden = unknown_ == UnknownKeys::hidden;
      problems_.add(entry.key->position(), hidden ? path_ : key_of(entry.key->text),
                    hidden ? "a key is given twice" : "the key is given twice",
                    fmt::format("remove it here or at {}", to_string(seen->second->position())));
    }
  }
}

const Node* Section::find(std::string_view name) {
  known_.push_back(name);
  const auto found =
      std::ranges::find(entries_, name, [](const Entry& entry) { return entry.key->text; });
  return found == entries_.end() ? nullptr : found->value;
}

std::string Section::key_of(std::string_view name) const {
  return path_.empty() ? key_text(name) : fmt::format("{}.{}", path_, key_text(name));
}

void Section::problem(std::string_view name, std::string what, std::string remedy) {
  const auto found =
      std::ranges::find(entries_, name, [](const Entry& entry) { return entry.key->text; });
  if (found == entries_.end()) {
    problems_.add(node_.position(), key_of(name), std::move(what), std::move(remedy));
    return;
  }
  // yaml-cpp places a missing value at the next token, perhaps lines below: its key is the place.
  const Node* const place = found->value->kind == Node::Kind::null ? found->key : found->value;
  problems_.add(place->position(), key_of(name), std::move(what), std::move(remedy));
}

void Section::refuse(std::string_view name, std::string what, std::string remedy) {
  const auto found =
      std::ranges::find(entries_, name, [](const Entry& entry) { return entry.key->text; });
  if (found != entries_.end()) {
    problems_.add(found->key->position(), key_of(name), std::move(what), std::move(remedy));
  }
}

bool Section::refuse_foreign(std::string_view name, std::string what, std::string remedy) {
  const auto found =
      std::ranges::find(entries_, name, [](const Entry& entry) { return entry.key->text; });
  if (found == entries_.end()) {
    return false;
  }
  problems_.add(found->key->position(), key_of(name), std::move(what), std::move(remedy));
  entries_.erase(found);
  return true;
}

const std::string* Section::scalar(std::string_view name) {
  const Node* const value = find(name);
  if (value == nullptr) {
    return nullptr;
  }
  if (value->kind == Node::Kind::null) {
    problem(name, "has no value", "write a value or remove the key");
    return nullptr;
  }
  if (value->kind != Node::Kind::scalar) {
    problem(name, fmt::format("is {}", kind_text(value->kind)), "must be a single value");
    return nullptr;
  }
  return &value->text;
}

std::optional<std::string> Section::text(std::string_view name) {
  const std::string* const value = scalar(name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::string> Section::label(std::string_view name) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!is_printable(*value) || value->size() > kMaxLabel) {
    problem(name, fmt::format("{} cannot be a metric label", quote(*value, 60)),
            fmt::format("must be at most {} bytes without control characters", kMaxLabel));
    return std::nullopt;
  }
  return *value;
}

std::optional<bool> Section::boolean(std::string_view name) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (*value != "true" && *value != "false") {
    problem(name, fmt::format("{} is not a truth value", quote(*value, 60)),
            "must be true or false");
    return std::nullopt;
  }
  return *value == "true";
}

std::optional<std::size_t> Section::number(std::string_view name, std::size_t least,
                                           std::size_t most) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto number = parse_number(*value);
  if (!number || *number < least || *number > most) {
    problem(name, fmt::format("{} is not allowed", quote(*value, 60)),
            fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
  }
  return number;
}

std::optional<std::size_t> Section::size(std::string_view name, std::size_t least,
                                         std::size_t most) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto bytes = parse_size(*value);
  if (!bytes || *bytes < least || *bytes > most) {
    problem(name, fmt::format("{} is not allowed", quote(*value, 60)),
            fmt::format("must be a size from {} to {}, for example 4MiB, 512KiB or 4194304",
                        format_size(least), format_size(most)));
    return std::nullopt;
  }
  return bytes;
}

std::optional<std::chrono::milliseconds> Section::duration(std::string_view name,
                                                           bool zero_allowed) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  const auto duration = parse_duration(*value);
  if (!duration) {
    problem(name, duration.error().message, duration.error().remedy);
    return std::nullopt;
  }
  if (duration->count() == 0 && !zero_allowed) {
    problem(name, fmt::format("{} is no time at all", quote(*value, 60)), "must be longer than 0s");
    return std::nullopt;
  }
  return *duration;
}

std::optional<Fqdn> Section::fqdn(std::string_view name) {
  const std::string* const value = scalar(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  auto fqdn = Fqdn::parse(*value);
  if (!fqdn) {
    problem(name, fqdn.error().message, fqdn.error().remedy);
    return std::nullopt;
  }
  return std::move(*fqdn);
}

std::optional<std::vector<std::string>> Section::texts(std::string_view name) {
  const Node* const value = find(name);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (value->kind != Node::Kind::sequence) {
    problem(name, fmt::format("is {}", kind_text(value->kind)), "must be a list of names");
    return std::nullopt;
  }
  std::vector<std::string> out;
  for (const Node* const item : value->items) {
    if (item->kind != Node::Kind::scalar || item->text.empty()) {
      problems_.add(item->position(), fmt::format("{}[{}]", key_of(name), out.size()),
                    "is not a name", "must be a list of names");
      return std::nullopt;
    }
    out.push_back(item->text);
  }
  return out;
}

bool Section::require(std::string_view name, std::string remedy) {
  if (find(name) != nullptr) {
    return true;
  }
  problem(name, "is missing", std::move(remedy));
  return false;
}

void Section::sort_known() {
  std::ranges::sort(known_);
  const auto repeated = std::ranges::unique(known_);
  known_.erase(repeated.begin(), repeated.end());
}

void Section::finish() {
  sort_known();
  for (const Entry& entry : entries_) {
    const std::string& name = entry.key->text;
    if (std::ranges::binary_search(known_, name)) {
      continue;
    }
    if (problems_.full()) {
      problems_.add({}, {}, {});
      continue;
    }
    const std::string_view near = nearest(name, known_);
    if (near.empty() && unknown_ == UnknownKeys::hidden) {
      problems_.add(entry.key->position(), path_, "there is an unknown key here",
                    fmt::format("allowed are {}; a value with a comma needs quotes",
                                fmt::join(known_, ", ")));
      continue;
    }
    problems_.add(entry.key->position(), key_of(name), "unknown key",
                  near.empty() ? fmt::format("allowed are {}", fmt::join(known_, ", "))
                               : did_you_mean(std::array{near}));
  }
}

void Section::finish(std::span<const std::string_view> allowed) {
  known_.assign(allowed.begin(), allowed.end());
  finish();
}

void Section::finish_unjudged(std::span<const std::string_view> known) {
  known_.insert(known_.end(), known.begin(), known.end());
  sort_known();
  for (const Entry& entry : entries_) {
    const std::string& name = entry.key->text;
    const std::string_view near =
        std::ranges::binary_search(known_, name) || problems_.full() ? "" : nearest(name, known_);
    if (!near.empty()) {
      problems_.add(entry.key->position(), key_of(name), "unknown key",
                    did_you_mean(std::array{near}));
    }
  }
}

}  // namespace sfb::config
