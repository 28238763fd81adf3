#include "agent/serve/live_scrape.hpp"

#include "agent/http/body_parts.hpp"
#include "agent/serve/scrape.hpp"
#include "agent/serve/worker_problem.hpp"

#include <utility>

namespace sfb::serve {

boost::asio::awaitable<http::Response> metrics_response(
    LivePages& pages, std::shared_ptr<const http::Request> request) {
  const ScrapeForm form = scrape_form(*request);
  http::Response response;
  response.headers = scrape_headers(form);
  if (!form.gzip) {
    Result<std::shared_ptr<http::BodyParts>> parts = co_await pages.parts(form.format.format);
    if (!parts) {
      co_return worker_page(parts.error());
    }
    if (*parts != nullptr) {
      response.parts = std::move(*parts);
      co_return response;
    }
  }
  Result<Bytes> page = co_await pages.get(form.format.format, form.gzip);
  if (!page) {
    co_return worker_page(page.error());
  }
  response.body = std::move(*page);
  co_return response;
}

bool ready_metrics(LivePages& pages, const http::Request& request, http::RequestIds& ids,
                   http::Response& response) {
  const ScrapeForm form = scrape_form(request);
  Bytes page = pages.ready(form.format.format, form.gzip);
  if (page == nullptr) {
    return false;
  }
  response.status = 200;
  response.close = false;
  response.parts.reset();
  ids.set(set_scrape_headers(response.headers, form, "X-Request-Id"), request);
  response.body = std::move(page);
  return true;
}

}  // namespace sfb::serve
