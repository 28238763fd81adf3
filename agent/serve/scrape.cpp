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

/// All lines of a list header as one; `several` is where they lie if they are several.
std::string_view joined_header(const http::Request& request, std::string_view name,
                               std::string& several) {
  std::string_view value;
  for (const http::Header& header : request.headers) {
    if (!iequals(header.name, name)) {
      continue;
    }
    if (value.empty()) {
      value = header.value;
    } else {
      several = std::string(value).append(", ").append(header.value);
      value = several;
    }
  }
  return value;
}

}  // namespace

ScrapeForm scrape_form(const http::Request& request) {
  std::string accept;
  std::string coding;
  return {exposition::negotiate_format(joined_header(request, "Accept", accept)),
          exposition::accepts_gzip(joined_header(request, "Accept-Encoding", coding))};
}

std::vector<http::Header> scrape_headers(const ScrapeForm& form) {
  std::vector<http::Header> headers;
  set_scrape_headers(headers, form, "");
  headers.pop_back();
  return headers;
}

std::string& set_scrape_headers(std::vector<http::Header>& headers, const ScrapeForm& form,
                                std::string_view last) {
  headers.resize(form.gzip ? 4 : 3);
  std::size_t at = 0;
  const auto set = [&](std::string_view name, std::string_view value) -> std::string& {
    http::Header& header = headers.at(at++);
    header.name = name;
    header.value = value;
    return header.value;
  };
  set("Content-Type", form.format.content_type);
  set("Vary", "Accept, Accept-Encoding");
  if (form.gzip) {
    set("Content-Encoding", "gzip");
  }
  return set(last, "");
}

Result<std::chrono::nanoseconds> scrape_budget(const http::Request& request,
                                               std::chrono::duration<double> offset,
                                               std::chrono::nanoseconds most) {
  constexpr double kTenth = 0.1;
  if (!request.has(kTimeout)) {
    return most;
  }
  std::string several;  // two lines are no number
  const std::string_view text = trim(joined_header(request, kTimeout, several));
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
