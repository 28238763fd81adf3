// The page writer. A page has up to a million samples, so nothing is allocated per sample: names
// and labels are copied as ready bytes and numbers are formatted in place.
#include "agent/exposition/exposition.hpp"

#include "agent/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace sfb::exposition {
namespace {

/// Room for any double or 64-bit integer in shortest form.
constexpr std::size_t kNumberRoom = 32;

/// Room for the braces, commas, quotes, blank and line end of one sample.
constexpr std::size_t kPunctuation = 16;

/// Whole doubles below 2^53 are exact integers.
constexpr double kExactIntegers = 9007199254740992.0;

/// In the scientific notation from this decimal exponent on, and below kSmallestPlain.
constexpr int kLargestPlain = 6;
constexpr int kSmallestPlain = -4;

std::string_view type_name(Type type, Format format) {
  switch (type) {
    case Type::gauge:
      return "gauge";
    case Type::counter:
      return "counter";
    case Type::stateset:
      return format == Format::openmetrics_1_0_0 ? "stateset" : "gauge";
    case Type::info:
      return format == Format::openmetrics_1_0_0 ? "info" : "gauge";
    case Type::histogram:
      return "histogram";
  }
  return "unknown";
}

/// What the sample's name has behind the family's.
std::string_view sample_suffix(Type type) {
  switch (type) {
    case Type::counter:
      return "_total";
    case Type::info:
      return "_info";
    case Type::gauge:
    case Type::stateset:
    case Type::histogram:
      return "";
  }
  return "";
}

char* put(char* to, std::string_view text) {
  std::char_traits<char>::copy(to, text.data(), text.size());
  return to + text.size();
}

/// `text` with backslash and LF escaped, and the double quote where `quotes` says so. At most twice
/// its size.
char* put_escaped(char* to, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\' || c == '\n' || (quotes && c == '"')) {
      *to++ = '\\';
    }
    *to++ = c == '\n' ? 'n' : c;
  }
  return to;
}

/// At most kNumberRoom bytes.
char* put_number(char* to, double value) {
  if (std::fabs(value) < kExactIntegers) {
    const auto whole = static_cast<std::int64_t>(value);
    // Minus zero is whole too, but an integer would lose its sign.
    if (static_cast<double>(whole) == value && !(whole == 0 && std::signbit(value))) {
      return std::to_chars(to, to + kNumberRoom, whole).ptr;
    }
  }
  if (std::isnan(value)) {
    return put(to, "NaN");
  }
  if (std::isinf(value)) {
    return put(to, value > 0 ? "+Inf" : "-Inf");
  }
  return std::to_chars(to, to + kNumberRoom, value).ptr;
}

/// Appends what `write` puts into at most `room` bytes: one check of the capacity and no clearing.
template <typename Write>
void write_bytes(std::string& out, std::size_t room, const Write& write) {
  const std::size_t old = out.size();
  out.resize_and_overwrite(old + room, [&](char* data, std::size_t) {
    return static_cast<std::size_t>(write(data + old) - data);
  });
}

template <typename Write>
void write_line(std::string& out, std::size_t room, const Write& write) {
  write_bytes(out, room, [&](char* to) {
    to = write(to);
    *to++ = '\n';
    return to;
  });
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  write_bytes(out, 2 * text.size(), [&](char* to) { return put_escaped(to, text, quotes); });
}

void metadata_line(std::string& out, std::string_view keyword, std::string_view name) {
  out += "# ";
  out += keyword;
  out += ' ';
  out += name;
  out += ' ';
}

}  // namespace

std::string_view content_type(Format format) {
  return format == Format::openmetrics_1_0_0
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

Labels& Labels::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) {
    text_ += ',';
  }
  text_ += name;
  text_ += "=\"";
  if (is_utf8(value)) {
    append_escaped(text_, value, true);
  } else {
    append_escaped(text_, to_utf8_lossy(value), true);
  }
  text_ += '"';
  return *this;
}

void Writer::continue_family(const Family& family) {
  sample_name_.assign(family.name).append(sample_suffix(family.type));
  state_label_.assign(family.name).append("=\"");
}

void Writer::family(const Family& family) {
  continue_family(family);
  const bool open_metrics = format_ == Format::openmetrics_1_0_0;
  // Text 0.0.4 has no family names, only sample names; a histogram is the exception.
  const std::string_view name = open_metrics ? family.name : std::string_view(sample_name_);
  const auto help = [&] {
    metadata_line(out_, "HELP", name);
    append_escaped(out_, family.help, open_metrics);
    out_ += '\n';
  };
  if (!open_metrics) {
    help();
  }
  metadata_line(out_, "TYPE", name);
  out_ += type_name(family.type, format_);
  out_ += '\n';
  if (open_metrics) {
    const bool unitless = family.type == Type::stateset || family.type == Type::info;
    if (!family.unit.empty() && !unitless) {
      metadata_line(out_, "UNIT", name);
      out_ += family.unit;
      out_ += '\n';
    }
    help();
  }
}

void Writer::sample(const Labels& labels, double value) {
  const std::string_view text = labels.text();
  const std::size_t room = sample_name_.size() + text.size() + kNumberRoom + kPunctuation;
  write_line(out_, room, [&](char* to) {
    to = put(to, sample_name_);
    if (!text.empty()) {
      *to++ = '{';
      to = put(to, text);
      *to++ = '}';
    }
    *to++ = ' ';
    return put_number(to, value);
  });
}

void Writer::state(const Labels& labels, std::string_view state, bool on) {
  const std::string_view text = labels.text();
  // An escaped byte takes two.
  const std::size_t room =
      sample_name_.size() + text.size() + state_label_.size() + 2 * state.size() + kPunctuation;
  write_line(out_, room, [&](char* to) {
    to = put(to, sample_name_);
    *to++ = '{';
    if (!text.empty()) {
      to = put(to, text);
      *to++ = ',';
    }
    to = put(to, state_label_);
    to = put_escaped(to, state, true);
    to = put(to, "\"} ");
    *to++ = on ? '1' : '0';
    return to;
  });
}

void Writer::histogram(const Labels& labels, const std::vector<double>& bounds,
                       const std::vector<std::uint64_t>& cumulative, std::uint64_t count,
                       double sum) {
  std::string le;
  for (std::size_t i = 0; i < std::min(bounds.size(), cumulative.size()); ++i) {
    le.clear();
    append_bound(le, bounds[i]);
    count_line("_bucket", labels, le, cumulative[i]);
  }
  count_line("_bucket", labels, "+Inf", count);
  out_ += sample_name_;
  out_ += "_sum";
  if (!labels.text().empty()) {
    out_.append(1, '{').append(labels.text()).append(1, '}');
  }
  out_ += ' ';
  append_number(out_, sum);
  out_ += '\n';
  count_line("_count", labels, {}, count);
}

void Writer::count_line(std::string_view suffix, const Labels& labels, std::string_view le,
                        std::uint64_t count) {
  out_ += sample_name_;
  out_ += suffix;
  if (!labels.text().empty() || !le.empty()) {
    out_ += '{';
    out_ += labels.text();
    if (!le.empty()) {
      out_ += labels.text().empty() ? "le=\"" : ",le=\"";
      out_ += le;
      out_ += '"';
    }
    out_ += '}';
  }
  out_ += ' ';
  write_line(out_, kNumberRoom,
             [&](char* to) { return std::to_chars(to, to + kNumberRoom - 1, count).ptr; });
}

std::string Writer::finish() {
  if (format_ == Format::openmetrics_1_0_0) {
    out_ += "# EOF\n";
  }
  return std::exchange(out_, {});
}

void append_number(std::string& out, double value) {
  write_bytes(out, kNumberRoom, [&](char* to) { return put_number(to, value); });
}

void append_bound(std::string& out, double bound) {
  if (!std::isfinite(bound)) {
    append_number(out, bound);
    return;
  }
  // The exponent decides the notation; to_chars alone would choose the shorter one.
  std::array<char, kNumberRoom> buffer;
  char* const end = buffer.data() + buffer.size();
  const char* last = std::to_chars(buffer.data(), end, bound, std::chars_format::scientific).ptr;
  const char* mark = std::find<const char*>(buffer.data(), last, 'e');
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), last, exponent);
  const bool plain = exponent >= kSmallestPlain && exponent < kLargestPlain;
  if (plain) {
    last = std::to_chars(buffer.data(), end, bound, std::chars_format::fixed).ptr;
  }
  const std::string_view digits(buffer.data(), static_cast<std::size_t>(last - buffer.data()));
  out += digits;
  if (plain && !digits.contains('.')) {
    out += ".0";
  }
}

}  // namespace sfb::exposition
