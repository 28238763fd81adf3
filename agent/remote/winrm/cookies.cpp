#include "agent/remote/winrm/cookies.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

namespace sfb::remote {

namespace {

// What RFC 6265 lets stand in a value, and blanks and commas, which servers send. No control
// character: the value goes into a header.
bool may_be_sent(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < '\x7F' && c != ';'; });
}

std::optional<int> number(std::string_view text, std::size_t least, std::size_t most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool digits = std::ranges::all_of(text, is_digit);
  return error == std::errc() && digits && text.size() >= least && text.size() <= most
             ? std::optional(value)
             : std::nullopt;
}

std::optional<unsigned> month(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                        "jul", "aug", "sep", "oct", "nov", "dec"};
  const auto* const found = std::ranges::find_if(
      kMonths, [&](std::string_view each) { return iequals(each, text.substr(0, 3)); });
  return found == kMonths.end() ? std::nullopt
                                : std::optional(static_cast<unsigned>(found - kMonths.begin()) + 1);
}

std::optional<std::chrono::seconds> time_of_day(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 3) {
    return std::nullopt;
  }
  const auto hour = number(parts[0], 1, 2);
  const auto minute = number(parts[1], 1, 2);
  const auto second = number(parts[2], 1, 2);
  if (!hour || !minute || !second) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

int century(int year) {
  constexpr int kCentury = 100;
  constexpr int kPivot = 70;
  return year >= kCentury ? year : year + (year < kPivot ? 2000 : 1900);
}

struct Attributes {
  bool secure = false;
  std::string_view path = {};
  std::optional<bool> ended = {};  ///< Max-Age, which counts more than Expires
  std::string_view expires = {};
};

Attributes attributes_of(std::string_view text) {
  Attributes found;
  for (const std::string_view part : split(text, ';')) {
    const std::size_t equals = part.find('=');
    const std::string_view name = trim(part.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : trim(part.substr(equals + 1));
    if (iequals(name, "Secure")) {
      found.secure = true;
    } else if (iequals(name, "Path")) {
      found.path = value;
    } else if (iequals(name, "Expires")) {
      found.expires = value;
    } else if (iequals(name, "Max-Age") && !value.empty()) {
      // `0` or a negative number.
      found.ended = value.front() == '-' || value.find_first_not_of('0') == std::string_view::npos;
    }
  }
  return found;
}

bool is_below(std::string_view path, std::string_view folder) {
  if (!folder.starts_with('/')) {
    return true;  // none is written: that of the request
  }
  return path == folder ||
         (path.starts_with(folder) && (folder.ends_with('/') || path[folder.size()] == '/'));
}

}  // namespace

bool cookie_date_passed(std::string_view text, WallTime now) {
  std::optional<std::chrono::seconds> time;
  std::optional<int> day;
  std::optional<unsigned> in_month;
  std::optional<int> year;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ,-\t"), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const auto clock = time ? std::nullopt : time_of_day(word)) {
      time = clock;
    } else if (const auto date = day ? std::nullopt : number(word, 1, 2)) {
      day = date;
    } else if (const auto name = in_month ? std::nullopt : month(word)) {
      in_month = name;
    } else if (const auto value = year ? std::nullopt : number(word, 2, 4)) {
      year = century(*value);
    }
  }
  if (!time || !day || !in_month || !year) {
    return false;
  }
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(*in_month),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  return date.ok() && WallTime(std::chrono::sys_days(date)) + *time <= now;
}

void Cookies::take(std::span<const std::string> set_cookie, bool tls, std::string_view path,
                   WallTime now) {
  for (const std::string& line : set_cookie) {
    const std::size_t end = std::min(line.find(';'), line.size());
    const std::string_view pair = std::string_view(line).substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) {
      continue;
    }
    const std::string_view name = trim(pair.substr(0, equals));
    const std::string_view value = trim(pair.substr(equals + 1));
    if (name.empty() || name.size() + value.size() > kLongest || !may_be_sent(name) ||
        !may_be_sent(value)) {
      continue;
    }
    const Attributes attributes = attributes_of(std::string_view(line).substr(end));
    if ((attributes.secure && !tls) || !is_below(path, attributes.path)) {
      continue;
    }
    std::erase_if(all_, [&](const Cookie& each) { return each.name == name; });
    if (attributes.ended.value_or(cookie_date_passed(attributes.expires, now))) {
      continue;
    }
    if (all_.size() == kMost) {
      all_.erase(all_.begin());
    }
    all_.push_back({std::string(name), std::string(value)});
  }
}

std::string Cookies::header() const {
  std::string out;
  for (const Cookie& each : all_) {
    const std::size_t more = each.name.size() + each.value.size() + 3;
    if (out.size() + more > kMostSent) {
      continue;
    }
    out += (out.empty() ? "" : "; ") + each.name + "=" + each.value;
  }
  return out;
}

}  // namespace sfb::remote
