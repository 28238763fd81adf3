#include "agent/serve/live_scrape.hpp"

#include "agent/serve/scrape.hpp"
#include "agent/serve/worker_problem.hpp"

#include <utility>

namespace sfb::serve {

boost::asio::awaitable<http::Response> metrics_response(
    LivePages& pages, std::shared_ptr<const http::Request> request) {
  const ScrapeForm form = scrape_form(*request);
  Result<PageBody> page = co_await pages.get(form.format.format, form.gzip);
  if (!page) {
    co_return worker_page(page.error());
  }
  http::Response response;
  response.headers = scrape_headers(form);
  response.body = std::move(page->whole);
  response.parts = std::move(page->parts);
  co_return response;
}

bool ready_metrics(LivePages& pages, const http::Request& request, http::RequestIds& ids,
                   http::Response& response) {
  const ScrapeForm form = scrape_form(request);
  PageBody page = pages.ready(form.format.format, form.gzip);
  if (page.is_none()) {
    return false;
  }
  response.status = 200;
  response.close = false;
  ids.set(set_scrape_headers(response.headers, form, "X-Request-Id"), request);
  response.body = std::move(page.whole);
  response.parts = std::move(page.parts);
  return true;
}

}  // namespace sfb::serve
