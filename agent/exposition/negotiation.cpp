// Accept and Accept-Encoding. Both are lists of the same shape, read by one forward-only reader
// that looks at every byte once and allocates nothing; what is broken is passed over.
#include "agent/exposition/negotiation.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sfb::exposition {
namespace {

/// One element of the list. `range` is `text/plain` in Accept, `gzip` in Accept-Encoding.
struct Entry {
  std::string_view range;
  std::string_view version;
  std::string_view escaping;
  double quality = 1.0;
};

/// A weight from 0 to 1; negative when it is none. Digits behind the sixth do not count; `.5` and
/// `1.` are read because clients send them.
double parse_quality(std::string_view text) {
  constexpr double kBroken = -1.0;
  constexpr std::size_t kDigits = 6;
  constexpr int kOne = 1'000'000;
  const std::size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (whole.size() > 1 || (whole.empty() && fraction.empty()) ||
      !std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(fraction, is_digit)) {
    return kBroken;
  }
  int millionths = whole.empty() ? 0 : whole.front() - '0';
  for (std::size_t i = 0; i < kDigits; ++i) {
    millionths = millionths * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  }
  return millionths > kOne ? kBroken : static_cast<double>(millionths) / kOne;
}

/// Reads a header element by element. Commas and semicolons in quoted strings do not separate.
class List {
 public:
  explicit List(std::string_view header) : rest_(header) {}

  /// The next element that can be understood; false at the end.
  bool next(Entry& entry) {
    while (!rest_.empty()) {
      if (read(entry)) {
        return true;
      }
    }
    return false;
  }

 private:
  /// Up to the next separator, which stays. Sets `closed_` to false on a quote without an end.
  std::string_view part() {
    bool quoted = false;
    std::size_t i = 0;
    for (; i < rest_.size(); ++i) {
      const char c = rest_[i];
      if (c == '"') {
        quoted = !quoted;
      } else if (quoted && c == '\\') {
        ++i;
      } else if (!quoted && (c == ',' || c == ';')) {
        break;
      }
    }
    i = std::min(i, rest_.size());
    closed_ = closed_ && !quoted;
    const std::string_view found = trim(rest_.substr(0, i));
    rest_.remove_prefix(i);
    return found;
  }

  bool read(Entry& entry) {
    entry = {};
    closed_ = true;
    bool weighted = false;
    entry.range = part();
    while (!rest_.empty() && rest_.front() == ';') {
      rest_.remove_prefix(1);
      const std::string_view parameter = part();
      const std::size_t equals = parameter.find('=');
      if (equals == std::string_view::npos) {
        continue;
      }
      const std::string_view name = trim(parameter.substr(0, equals));
      const std::string_view value = unquoted(trim(parameter.substr(equals + 1)));
      if (iequals(name, "q") && !weighted) {
        weighted = true;
        entry.quality = parse_quality(value);
      } else if (iequals(name, "version")) {
        entry.version = value;
      } else if (iequals(name, "escaping")) {
        entry.escaping = value;
      }
    }
    if (!rest_.empty()) {
      rest_.remove_prefix(1);  // the comma
    }
    return closed_ && !entry.range.empty() && entry.quality >= 0;
  }

  /// Without the quotes. Escapes inside are left: no value we know contains one.
  static std::string_view unquoted(std::string_view value) {
    const bool quoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
    return quoted ? value.substr(1, value.size() - 2) : value;
  }

  std::string_view rest_;
  bool closed_ = true;
};

/// How closely a range names something; the closest match decides, however low its weight.
enum class Closeness : std::uint8_t { none, anything, type, name, version };

Closeness closeness(std::string_view range, std::string_view type, std::string_view subtype) {
  // The lone star is what old Java clients send.
  if (range == "*/*" || range == "*") {
    return Closeness::anything;
  }
  const std::size_t slash = range.find('/');
  if (slash == std::string_view::npos || !iequals(trim(range.substr(0, slash)), type)) {
    return Closeness::none;
  }
  const std::string_view rest = trim(range.substr(slash + 1));
  if (rest == "*") {
    return Closeness::type;
  }
  return iequals(rest, subtype) ? Closeness::name : Closeness::none;
}

/// The closest match so far; of equally close ones the most wanted.
struct Match {
  Closeness close = Closeness::none;
  double quality = 0.0;
  std::string_view escaping;

  void offer(Closeness closer, const Entry& entry) {
    if (closer == Closeness::none || closer < close ||
        (closer == close && entry.quality <= quality)) {
      return;
    }
    *this = {closer, entry.quality, entry.escaping};
  }
};

Closeness with_version(Closeness found, std::string_view wanted, std::string_view ours) {
  if (found == Closeness::none || wanted.empty()) {
    return found;
  }
  if (wanted != ours) {
    return Closeness::none;
  }
  return found == Closeness::name ? Closeness::version : found;
}

/// Our names are the same under every scheme but `dots`, which would double their underscores: that
/// client is told that it gets `underscores`.
constexpr std::array<std::string_view, 3> kHarmless = {"allow-utf-8", "underscores", "values"};

using Types = std::array<std::string, kHarmless.size() + 1>;

/// The plain one last.
Types types_of(Format format) {
  Types types;
  for (std::size_t i = 0; i < kHarmless.size(); ++i) {
    types.at(i).append(content_type(format)).append("; escaping=").append(kHarmless.at(i));
  }
  types.back() = content_type(format);
  return types;
}

/// Made once: every scrape has one of these few.
std::string_view answered_type(Format format, std::string_view escaping) {
  static const Types kText = types_of(Format::text_0_0_4);
  static const Types kOpen = types_of(Format::openmetrics_1_0_0);
  const auto* const found =
      std::ranges::find(kHarmless, escaping == "dots" ? "underscores" : escaping);
  return (format == Format::openmetrics_1_0_0 ? kOpen : kText)
      .at(static_cast<std::size_t>(found - kHarmless.begin()));
}

}  // namespace

Negotiated negotiate_format(std::string_view accept) {
  Match text;
  Match open_metrics;
  List list(accept);
  for (Entry entry; list.next(entry);) {
    text.offer(with_version(closeness(entry.range, "text", "plain"), entry.version, "0.0.4"),
               entry);
    open_metrics.offer(with_version(closeness(entry.range, "application", "openmetrics-text"),
                                    entry.version, "1.0.0"),
                       entry);
  }
  // "Anything" means the plain old format, unless the client refuses just that.
  const bool asked_for = open_metrics.close > Closeness::anything || text.quality <= 0;
  const bool open = asked_for && open_metrics.quality > 0 && open_metrics.quality >= text.quality;
  Negotiated result;
  result.format = open ? Format::openmetrics_1_0_0 : Format::text_0_0_4;
  result.content_type = answered_type(result.format, open ? open_metrics.escaping : text.escaping);
  return result;
}

bool accepts_gzip(std::string_view accept_encoding) {
  Match gzip;
  Match identity;
  List list(accept_encoding);
  for (Entry entry; list.next(entry);) {
    if (entry.range == "*") {
      gzip.offer(Closeness::anything, entry);
      identity.offer(Closeness::anything, entry);
    } else if (iequals(entry.range, "gzip") || iequals(entry.range, "x-gzip")) {
      gzip.offer(Closeness::name, entry);
    } else if (iequals(entry.range, "identity")) {
      identity.offer(Closeness::name, entry);
    }
  }
  return gzip.quality > 0 && gzip.quality >= identity.quality;
}

double media_quality(std::string_view accept, std::string_view type, std::string_view subtype) {
  if (trim(accept).empty()) {
    return 1.0;
  }
  Match match;
  List list(accept);
  for (Entry entry; list.next(entry);) {
    match.offer(closeness(entry.range, type, subtype), entry);
  }
  return match.quality;
}

}  // namespace sfb::exposition
