#include "agent/remote/winrm/trusted.hpp"

#include <algorithm>
#include <utility>

namespace sfb::remote {

boost::asio::awaitable<Status> read_trusted(WinrmEndpoint& endpoint, MonoTime deadline) {
  const net::TlsOptions& tls = endpoint.options.tls;
  auto made = co_await endpoint.options.services->trusted.get(
      tls, endpoint.files,
      std::min<MonoTime>(deadline, net::mono_now() + endpoint.options.auth_cap));
  if (made) {
    endpoint.tls = std::move(*made);
  } else if (endpoint.tls) {
    endpoint.logger.warn("trusted certificates cannot be read anew, the old ones are used",
                         {{"endpoint", endpoint.options.endpoint},
                          {"ca_file", tls.ca_file},
                          {"error", sfb::describe(made.error())}});
  } else {
    co_return std::unexpected(std::move(made.error()));
  }
  co_return Status{};
}

}  // namespace sfb::remote
