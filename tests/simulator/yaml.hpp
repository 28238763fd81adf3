// A YAML map key by key: what is wrong is told with its place and what would be right.
#pragma once

#include "tests/simulator/scenario.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace sim {

/// A value and the key it belongs to; the entries of a list have the list's.
struct Item {
  std::string key;
  YAML::Node node;
};

/// `LINE:COLUMN: key: what`.
class Mistake : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
[[noreturn]] void complain(const Item& item, const std::string& what);
/// `LINE:COLUMN: key: `.
std::string place_of(const Item& item);

using Reader = std::function<void(const Item&)>;
using Readers = std::map<std::string, Reader>;
/// Every key by its own reader. `others` may take one that has none (true: taken).
void read_map(const Item& item, const Readers& readers,
              const std::function<bool(const Item&)>& others = {});
void read_list(const Item& item, const Reader& reader);
/// The entry of a map; an undefined node when there is none.
Item entry(const Item& map, const std::string& key);

std::string text_of(const Item& item);
bool flag_of(const Item& item);
Millis duration_of(const Item& item);

Reader into(std::string& target);
Reader into(bool& target);
Reader into(Millis& target);
Reader into(std::vector<std::string>& target);
/// Text without line breaks and other control characters: for HTTP heads and file names.
Reader into_line(std::string& target);
Reader one_of(std::string& target, std::vector<std::string> allowed);

template <typename T>
Reader number(T& target, T least = 0, T most = std::numeric_limits<T>::max()) {
  return [&target, least, most](const Item& item) {
    const std::string text = text_of(item);
    T value{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || text.empty() || value < least || value > most) {
      complain(item, fmt::format("\"{}\" is no number from {} to {}", text, least, most));
    }
    target = value;
  };
}

/// Reads `yaml` with `read`; a mistake is `FILE:LINE:COLUMN: key: what`, without FILE if `file` is
/// empty.
template <typename T>
std::expected<T, std::string> guarded(const std::string& yaml, const std::string& file,
                                      const std::function<T(const YAML::Node&)>& read) {
  const std::string before = file.empty() ? std::string() : file + ":";
  try {
    return read(YAML::Load(yaml));
  } catch (const Mistake& mistake) {
    return std::unexpected(before + mistake.what());
  } catch (const YAML::Exception& error) {
    return std::unexpected(fmt::format("{}{}:{}: YAML: {}", before, error.mark.line + 1,
                                       error.mark.column + 1, error.msg));
  }
}

}  // namespace sim
