#include "agent/app/health.hpp"

#include "agent/app/exit_codes.hpp"
#include "agent/http/fetch.hpp"
#include "agent/http/types.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace sfb::app {

int run_health(const std::string& address) {
  constexpr std::size_t kPage = 64UL << 10U;
  http::FetchOptions options;
  options.url = address;
  options.timeout = std::chrono::seconds(5);
  options.max_bytes = kPage;
  const auto answer = http::fetch(options, "/-/healthy");
  if (!answer) {
    fmt::print(stderr, "sfb_backup_exporter health: {}\n", answer.error().message);
    return answer.error().code == "client.url" ? kUsage : kFailed;
  }
  if (answer->status != 200) {
    fmt::print(stderr,
               "sfb_backup_exporter health: the answer is {} {}: name the address of "
               "--web.health-listen-address\n",
               answer->status, http::status_text(answer->status));
    return kFailed;
  }
  fmt::print("healthy\n");
  return kGood;
}

}  // namespace sfb::app
