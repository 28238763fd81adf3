#include "agent/serve/live_scrape.hpp"

#include "agent/exposition/gzip_parts.hpp"
#include "agent/http/body_parts.hpp"
#include "agent/serve/scrape.hpp"
#include "agent/serve/worker_problem.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace sfb::serve {
namespace {

class UnpackedPage final : public http::BodyParts {
 public:
  explicit UnpackedPage(Bytes packed) : parts_(std::move(packed)) {}

  std::size_t size() const override { return parts_.size(); }
  std::size_t held() const override { return parts_.held(); }
  std::string_view next() override { return parts_.next(); }

 private:
  exposition::GzipParts parts_;
};

}  // namespace

boost::asio::awaitable<http::Response> metrics_response(
    LivePages& pages, std::shared_ptr<const http::Request> request) {
  const ScrapeForm form = scrape_form(*request);
  const bool unpacks = !form.gzip && pages.is_large();
  Result<Bytes> page = co_await pages.get(form.format.format, form.gzip || unpacks);
  if (!page) {
    co_return worker_page(page.error());
  }
  http::Response response;
  response.headers = scrape_headers(form);
  if (unpacks) {
    response.parts = std::make_shared<UnpackedPage>(std::move(*page));
  } else {
    response.body = std::move(*page);
  }
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
