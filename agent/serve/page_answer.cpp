#include "agent/serve/page_answer.hpp"

#include "agent/exposition/gzip.hpp"
#include "agent/serve/api_pools.hpp"
#include "agent/serve/page_pool.hpp"
#include "agent/serve/pages.hpp"
#include "agent/serve/scrape.hpp"

#include <memory>
#include <utility>

namespace sfb::serve {

namespace {

constexpr std::string_view kRefused = "Who may see the pools";

PageFrame frame_of(const StatusSources& from) {
  PageFrame frame = from.frame;
  frame.state = state_of_page(*from.snapshot);
  return frame;
}

}  // namespace

http::Response overview_page(const StatusSources& from, std::string_view query) {
  const PageFilter filter = read_page_filter(query);
  const Overview overview =
      overview_of(*from.snapshot, from.elsewhere, filter, from.frame.now, from.runbooks);
  return html_response(200, render_overview(frame_of(from), overview, filter).html);
}

http::Response pool_status_page(const StatusSources& from, std::string_view name) {
  const auto refuse = [&](const Error& error) {
    return html_response(404, render_notice(from.frame, "There is no such pool here", error).html);
  };
  const auto fqdn = Fqdn::parse(name);
  if (!fqdn) {
    return refuse(fqdn.error());
  }
  const status::PoolSnapshotPtr pool = find_pool(*from.snapshot, *fqdn);
  if (!pool || !from.history) {
    const PoolElsewhere* const other = from.elsewhere.find(*fqdn);
    return refuse(other != nullptr
                      ? other_shard(*fqdn, *other, from.elsewhere)
                      : not_configured(*fqdn, near_pools(*from.snapshot, from.elsewhere, *fqdn)));
  }
  const PoolPage page{.snapshot = *from.snapshot,
                      .pool = *pool,
                      .history = *from.history,
                      .elsewhere = from.elsewhere,
                      .runbooks = from.runbooks,
                      .max_bytes = from.max_bytes};
  return html_response(200, render_pool(frame_of(from), page).html);
}

http::Response packed_for(const http::Request& request, http::Response page) {
  page.headers.push_back({"Vary", "Accept-Encoding"});
  if (!page.body || !scrape_form(request).gzip) {
    return page;
  }
  if (Result<std::string> packed = exposition::gzip(*page.body)) {
    page.headers.push_back({"Content-Encoding", "gzip"});
    page.body = std::make_shared<const std::string>(std::move(*packed));
  }
  return page;
}

http::Response refused_status(const PageFrame& frame, const Denied& denied) {
  return html_response(denied.status, render_notice(frame, kRefused, error_of(denied)).html);
}

http::Response login_page(int status, const Error& error) {
  return html_response(status, render_login(kRefused, error).html);
}

}  // namespace sfb::serve
