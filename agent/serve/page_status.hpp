// `/`: the pairs, worst first, for whoever is on call. Pure functions, for a worker thread.
#pragma once

#include "agent/http/types.hpp"
#include "agent/serve/access.hpp"
#include "agent/serve/page_model.hpp"
#include "agent/serve/page_template.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace sfb::serve {

/// What all pages of the agent show.
struct PageFrame {
  std::string version;
  std::string metrics_path;
  Now now;
  std::string state = {};  ///< state_of_page; empty: the page shows nothing that changes
};

/// `site`, `deployment` and `verdict` of a query; all else is passed over, for people write these.
PageFilter read_page_filter(std::string_view query);

/// So many pairs at most show their modules. Where there are more, those that work are one line.
inline constexpr std::size_t kMostFullPairs = 50;
RenderedPage render_overview(const PageFrame& frame, const Overview& overview,
                             const PageFilter& filter);
/// In the place of the pools, for whoever may not see them: why, and what to do.
RenderedPage render_notice(const PageFrame& frame, std::string_view headline, const Error& error);
/// The same for whoever has not logged in: without style, script and links, for those want a login
/// too, and a browser would ask for it again for each.
RenderedPage render_login(std::string_view headline, const Error& error);

/// As an answer, with the headers that keep foreign scripts and frames out.
http::Response html_response(int status, std::string html);

/// A style sheet, script or drawing by the last part of its path; may be kept for ever, because its
/// name follows its content. 404 where there is none.
http::Response asset_response(std::string_view name);

/// 304 where the request has this answer already (If-None-Match).
http::Response unless_known(http::Response response, const http::Request& request);

// What the page of a pool shares.

/// Adds what frame_top and frame_end name.
void add_frame(Fields& fields, const PageFrame& frame, std::string_view title);
/// The place of a pair in `/`.
std::string pair_anchor(std::string_view pair);

}  // namespace sfb::serve
