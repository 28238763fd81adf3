#include "tests/property/states.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace sfb::property {

namespace {

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return (a ^ (b + 0x9E3779B97F4A7C15ULL + (a << 6U) + (a >> 2U))) * 0xBF58476D1CE4E5B9ULL;
}

std::uint64_t mixed(std::uint64_t a, std::string_view b) {
  return mixed(a, std::hash<std::string_view>{}(b));
}

std::vector<std::uint64_t> xml_states(std::string_view text) {
  std::vector<std::uint64_t> states;
  std::vector<std::uint64_t> open = {1};
  std::string tag;  // from its `<` on, without attribute values; empty: between tags
  char quote = '\0';
  for (const char c : text) {
    states.push_back(mixed(mixed(open.back(), tag), static_cast<unsigned char>(quote)));
    if (quote != '\0') {
      quote = c == quote ? '\0' : quote;
    } else if (tag.empty()) {
      tag = c == '<' ? "<" : "";
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c != '>') {
      // Attributes that are complete are forgotten: the tag is as it was behind its name.
      if (c == ' ' && tag.back() == '=') {
        tag.resize(tag.find(' '));
      }
      tag += c;
    } else {
      const bool closing = tag.starts_with("</");
      if (closing && open.size() > 1) {
        open.pop_back();
      } else if (!closing && !tag.ends_with('/') && !tag.ends_with('?')) {
        open.push_back(mixed(open.back(), std::string_view(tag).substr(0, tag.find(' '))));
      }
      tag.clear();
    }
  }
  states.push_back(mixed(open.back(), tag));
  return states;
}

std::vector<std::uint64_t> json_states(std::string_view text) {
  std::vector<std::uint64_t> states;
  std::vector<std::uint64_t> open = {1};
  enum class Place : std::uint8_t { before, in, escape, behind };
  Place string = Place::before;
  bool value = true;  // a value is due or there, not a name
  for (const char c : text) {
    states.push_back(mixed(mixed(open.back(), static_cast<std::uint64_t>(string)), value ? 1 : 0));
    if (string == Place::escape) {
      string = Place::in;
    } else if (string == Place::in) {
      string = c == '\\' ? Place::escape : c == '"' ? Place::behind : Place::in;
    } else if (c == '"') {
      string = Place::in;
    } else if (c == '{' || c == '[') {
      open.push_back(mixed(open.back(), static_cast<unsigned char>(c)));
      value = c == '[';
      string = Place::before;
    } else if ((c == '}' || c == ']') && open.size() > 1) {
      open.pop_back();
      value = true;
      string = Place::behind;
    } else if (c == ',') {
      value = open.back() ==
              mixed(open[open.size() > 1 ? open.size() - 2 : 0], static_cast<unsigned char>('['));
      string = Place::before;
    } else if (c == ':') {
      value = true;
      string = Place::before;
    }
  }
  states.push_back(mixed(mixed(open.back(), static_cast<std::uint64_t>(string)), value ? 1 : 0));
  return states;
}

// The open objects and lists of a JSON text, with the number of the present element.
struct Open {
  bool list = false;
  std::size_t begin = 0;
  std::size_t element = 0;
};

std::vector<Open> open_at(std::string_view json, std::size_t place) {
  std::vector<Open> open;
  bool string = false;
  for (std::size_t i = 0; i < place && i < json.size(); ++i) {
    const char c = json[i];
    if (string) {
      i += c == '\\' ? 1 : 0;
      string = c != '"';
    } else if (c == '"') {
      string = true;
    } else if (c == '{' || c == '[') {
      open.push_back({c == '[', i, 0});
    } else if ((c == '}' || c == ']') && !open.empty()) {
      open.pop_back();
    } else if (c == ',' && !open.empty()) {
      ++open.back().element;
    }
  }
  return open;
}

}  // namespace

bool lies_in_later_element(std::string_view json, std::size_t from, std::size_t to) {
  const std::vector<Open> before = open_at(json, from);
  const std::vector<Open> behind = open_at(json, to);
  for (std::size_t i = 0; i < before.size() && i < behind.size(); ++i) {
    if (before[i].begin != behind[i].begin) {
      return false;
    }
    if (before[i].list && before[i].element != behind[i].element) {
      return true;
    }
  }
  return false;
}

std::vector<std::uint64_t> reader_states(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
  return json ? json_states(text) : xml_states(text);
}

}  // namespace sfb::property
