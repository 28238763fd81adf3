#include "agent/serve/scrape.hpp"

#include "agent/base/ascii.hpp"
#include "agent/base/text.hpp"
#include "agent/base/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>

namespace sfb::serve {
namespace {

constexpr std::string_view kTimeout = "X-Prometheus-Scrape-Timeout-Seconds";

/// All lines of a list header as one.
std::string joined_header(const http::Request& request, std::string_view name) {
  std::string value;
  for (const http::Header& header : request.headers) {
    if (iequals(header.name, name)) {
      value += (value.empty() ? "" : ", ") + header.value;
    }
  }
  return value;
}

}  // namespace

ScrapeForm scrape_form(const http::Request& request) {
  return {exposition::negotiate_format(joined_header(request, "Accept")),
          exposition::accepts_gzip(joined_header(request, "Accept-Encoding"))};
}

std::vector<http::Header> scrape_headers(const ScrapeForm& form) {
  std::vector<http::Header> headers = {{"Content-Type", form.format.content_type},
                                       {"Vary", "Accept, Accept-Encoding"}};
  if (form.gzip) {
    headers.push_back({"Content-Encoding", "gzip"});
  }
  return headers;
}

Result<std::chrono::nanoseconds> scrape_budget(const http::Request& request,
                                               std::chrono::duration<double> offset,
                                               std::chrono::nanoseconds most) {
  constexpr double kTenth = 0.1;
  if (!request.has(kTimeout)) {
    return most;
  }
  const std::string joined = joined_header(request, kTimeout);  // two lines are no number
  const std::string_view text = trim(joined);
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (failure != std::errc{} || at != end || !std::isfinite(seconds) || seconds <= 0) {
    return fail(Reason::parse, "probe.bad_timeout",
                fmt::format("the header {} is {}, which is no number of seconds above 0", kTimeout,
                            quote(text, 80)),
                "give one plain number, such as 10 or 9.5");
  }
  const double budget = seconds - std::min(offset.count(), seconds * kTenth);
  return budget >= to_seconds(most) ? most
                                    : std::chrono::duration_cast<std::chrono::nanoseconds>(
                                          std::chrono::duration<double>(budget));
}

}  // namespace sfb::serve
