// Metric families as Prometheus text 0.0.4 and OpenMetrics 1.0.0. Both formats have the same bytes
// for samples, so a series is the same in both; only metadata and the end differ. Thread rule:
// pure; a Writer belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::exposition {

enum class Format : std::uint8_t { text_0_0_4, openmetrics_1_0_0 };

/// The exact Content-Type.
std::string_view content_type(Format format);

enum class Type : std::uint8_t { gauge, counter, stateset, info, histogram };

/// A family's metadata. `name` is without `_total` and `_info`; `unit` is empty or the name's last
/// word (`seconds`). The views are read during Writer::family only.
struct Family {
  std::string_view name;
  Type type = Type::gauge;
  std::string_view unit;
  std::string_view help;
};

/// Labels, escaped and joined: `pool="a",module="b"`. Built once, used for many samples.
class Labels {
 public:
  Labels() = default;
  /// Appends one label. `name` is ours and legal. `value` may be anything: `\`, `"` and LF are
  /// escaped. Ill-formed UTF-8 becomes U+FFFD, because one bad byte would fail the whole scrape.
  Labels& add(std::string_view name, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Appends families and samples in the caller's order. Each family is started once.
class Writer {
 public:
  explicit Writer(Format format) : format_(format) {}

  /// Starts a family. Families without samples are written too. Text 0.0.4 knows neither stateset
  /// nor info: both are gauges there, under the same sample names.
  void family(const Family& family);
  /// The samples that come next are of this family, whose metadata stands elsewhere: for parts of a
  /// page.
  void continue_family(const Family& family);
  /// A gauge's or counter's sample (a counter's gets `_total`, an info's `_info`).
  void sample(const Labels& labels, double value);
  /// One state of a stateset: the label is the family's name.
  void state(const Labels& labels, std::string_view state, bool on);
  /// A histogram: cumulative counts per upper bound (without +Inf), total count and sum. `le` is
  /// `1.0` in both formats. `bounds` ascend, are finite, and are as many as `cumulative`.
  void histogram(const Labels& labels, const std::vector<double>& bounds,
                 const std::vector<std::uint64_t>& cumulative, std::uint64_t count, double sum);
  /// The finished page (`# EOF` in OpenMetrics). The writer is empty afterwards.
  std::string finish();
  /// What was written since the begin or the last `clear`.
  std::string_view written() const { return out_; }
  /// Drops it and keeps the room that it took.
  void clear() { out_.clear(); }
  /// Reserves room for a page of about this size, so that the page does not grow in steps.
  void reserve(std::size_t bytes) { out_.reserve(bytes); }

 private:
  void count_line(std::string_view suffix, const Labels& labels, std::string_view le,
                  std::uint64_t count);

  Format format_;
  std::string sample_name_;  ///< the current family's name with `_total` or `_info`
  std::string state_label_;  ///< the current family's name and `="`
  std::string out_;
};

/// The shortest text that reads back as the same double. Integers have no `.0`. `+Inf`, `-Inf`,
/// `NaN`.
void append_number(std::string& out, double value);

/// An upper bound as OpenMetrics' canonical number, also in text 0.0.4: `1.0`, `0.25`, `1e+06`,
/// `+Inf`. The same notation as Prometheus' own client libraries, so that a rule's `le` fits.
void append_bound(std::string& out, double bound);

}  // namespace sfb::exposition
