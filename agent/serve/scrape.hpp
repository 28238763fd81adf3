// What a scraper says of itself in its headers: the form it takes and the time it has. Pure.
#pragma once

#include "agent/base/error.hpp"
#include "agent/exposition/negotiation.hpp"
#include "agent/http/types.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace sfb::serve {

struct ScrapeForm {
  exposition::Negotiated format;
  bool gzip = false;
};

/// From Accept and Accept-Encoding.
ScrapeForm scrape_form(const http::Request& request);

/// The headers of a page in this form.
std::vector<http::Header> scrape_headers(const ScrapeForm& form);
/// The same in the place of `headers`, in their memory, and one more behind them that has the name
/// `last`: returns its value, which the caller writes.
std::string& set_scrape_headers(std::vector<http::Header>& headers, const ScrapeForm& form,
                                std::string_view last);

/// How long an answer may take: X-Prometheus-Scrape-Timeout-Seconds less the smaller of `offset`
/// and a tenth of it, at most `most`; `most` without the header. Reason::parse, code
/// `probe.bad_timeout`, where it is given twice or is no plain number above 0.
Result<std::chrono::nanoseconds> scrape_budget(const http::Request& request,
                                               std::chrono::duration<double> offset,
                                               std::chrono::nanoseconds most);

}  // namespace sfb::serve
