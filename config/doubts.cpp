#include "config/doubts.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "config/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace sfb::config {

namespace {

bool is_variable_character(char c) {
  return is_letter_or_digit(c) || c == '_';
}

// The variable's name at the front; empty where there is none.
std::string_view variable_name(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_variable_character);
  const std::string_view name(text.begin(), end);
  return name.empty() || is_digit(name.front()) ? std::string_view() : name;
}

// `${NAME}` and `${NAME:-default}`.
bool has_shell_variable(std::string_view text) {
  for (auto at = text.find("${"); at != std::string_view::npos; at = text.find("${", at + 2)) {
    if (!variable_name(text.substr(at + 2)).empty() && text.find('}', at) != text.npos) {
      return true;
    }
  }
  return false;
}

// `%NAME%`. In a URL `%AB` is a byte.
bool has_windows_variable(std::string_view text) {
  const bool url = text.contains("://");
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view name = variable_name(text.substr(at + 1));
    const bool byte = url && name.size() >= 2 && is_hex(name[0]) && is_hex(name[1]);
    if (!name.empty() && !byte && text.substr(at + 1 + name.size()).starts_with('%')) {
      return true;
    }
  }
  return false;
}

bool has_template(std::string_view text) {
  const auto open = text.find("{{");
  return open != std::string_view::npos && text.find("}}", open) != std::string_view::npos;
}

std::optional<std::string_view> variable_in(std::string_view text) {
  if (has_shell_variable(text)) {
    return "${...}";
  }
  if (has_template(text)) {
    return "{{...}}";
  }
  return has_windows_variable(text) ? std::optional<std::string_view>("%...%") : std::nullopt;
}

class Walk {
 public:
  explicit Walk(Problems& warnings) : warnings_(warnings) {}

  void value(const Node& node, const std::string& path, std::size_t depth) {
    if (node.kind == Node::Kind::scalar) {
      scalar(node, path);
    } else if (node.kind == Node::Kind::sequence) {
      list(node, path, depth);
    }
    for (const Entry& entry : node.entries) {
      // Below an entry of credentials a key may be the rest of a password without quotes.
      const bool hidden = depth >= 2 && path.starts_with("credentials.");
      value(*entry.value, hidden ? path : join(path, entry.key->text), depth + 1);
    }
  }

 private:
  static std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? key_text(key) : fmt::format("{}.{}", path, key_text(key));
  }

  void list(const Node& node, const std::string& path, std::size_t depth) {
    const bool program = path.ends_with(".program");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const Node& item = *node.items[i];
      value(item, fmt::format("{}[{}]", path, i), depth + 1);
      if (program && (item.text == "-c" || iequals(item.text, "-Command"))) {
        return;
      }
    }
  }

  void scalar(const Node& node, const std::string& path) {
    if (warnings_.full()) {
      return;
    }
    if (const auto variable = variable_in(node.text)) {
      warnings_.add(node.position(), path,
                    fmt::format("holds {}, which nothing replaces in this file", *variable),
                    "write the value itself");
    }
  }

  Problems& warnings_;
};

void warn_of_name(const Fqdn& name, const Node& at, const std::string& key, Problems& warnings) {
  // Also such as 010.1.2.3, which programs read in different ways.
  const bool ip =
      name.str().contains('.') && name.str().find_first_not_of("0123456789.") == std::string::npos;
  if (ip || !name.str().contains('.')) {
    warnings.add(
        at.position(), key,
        fmt::format("{} is {}", name.str(), ip ? "an IP address" : "a name without domain"),
        "write the pool's FQDN as Get-CsPool shows it");
  }
}

}  // namespace

void warn_of_variables(const Document& document, Problems& warnings) {
  if (document.root != nullptr) {
    Walk(warnings).value(*document.root, {}, 0);
  }
}

void warn_of_pool_names(const Draft& draft, Problems& warnings) {
  std::unordered_set<Fqdn> configured;
  for (const DraftPool& pool : draft.pools) {
    if (pool.fqdn) {
      configured.insert(*pool.fqdn);
      warn_of_name(*pool.fqdn, *pool.fqdn_at, pool.key + ".fqdn", warnings);
    }
  }
  for (const DraftPool& pool : draft.pools) {
    if (pool.paired_pool && !configured.contains(*pool.paired_pool)) {
      warn_of_name(*pool.paired_pool, *pool.paired_pool_at, pool.key + ".paired_pool", warnings);
    }
  }
}

}  // namespace sfb::config
