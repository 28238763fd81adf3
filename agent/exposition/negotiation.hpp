// HTTP content negotiation of the metrics page and of other bodies. Thread rule: pure
// functions.
#pragma once

#include "agent/exposition/exposition.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace sfb::exposition {

struct Negotiated {
  Format format = Format::text_0_0_4;
  /// The Content-Type header, `escaping` repeated when the client sent one. It lives for ever.
  std::string_view content_type;
};

/// The best format of an Accept header: highest q, at a tie OpenMetrics 1.0.0 before text 0.0.4.
/// Never fails: absent, unknown or broken headers mean text 0.0.4. Versions must match exactly.
Negotiated negotiate_format(std::string_view accept);

/// True when gzip may be used: named or by `*`, with a q above 0 that is not below identity's.
bool accepts_gzip(std::string_view accept_encoding);

/// The q of a media type in an Accept header (with `type/*` and `*/*`), 0 when it is not
/// acceptable; 1 when there is no header.
double media_quality(std::string_view accept, std::string_view type, std::string_view subtype);

}  // namespace sfb::exposition
