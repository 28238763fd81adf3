#include "agent/net/resolve.hpp"

#include "agent/base/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace sfb::net {

namespace {

namespace ip = boost::asio::ip;

struct FreeAddrinfo {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

std::string cause_of(int code) {
  return code == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(code);
}

bool parse_literal(const std::string& host, std::uint16_t port, Endpoints& out) {
  boost::system::error_code error;
  const ip::address address = ip::make_address(host, error);
  if (error) {
    return false;
  }
  out.emplace_back(address, port);
  return true;
}

}  // namespace

Result<Endpoints> resolve_blocking(const std::string& host, std::uint16_t port) {
  Endpoints out;
  if (parse_literal(host, port, out)) {
    return out;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  // No AI_ADDRCONFIG: it hides loopback addresses on a machine without a network.
  addrinfo* raw = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &raw);
  const std::string cause = code == 0 ? std::string() : cause_of(code);
  const std::unique_ptr<addrinfo, FreeAddrinfo> list(raw);
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    ip::tcp::endpoint endpoint;
    if ((entry->ai_family != AF_INET && entry->ai_family != AF_INET6) ||
        entry->ai_addrlen > endpoint.capacity()) {
      continue;
    }
    std::memcpy(endpoint.data(), entry->ai_addr, entry->ai_addrlen);
    endpoint.resize(entry->ai_addrlen);
    endpoint.port(port);
    if (std::ranges::find(out, endpoint) == out.end()) {
      out.push_back(endpoint);
    }
  }
  if (out.empty()) {
    const bool answered = code == 0 || code == EAI_NONAME || code == EAI_NODATA;
    return fail(Reason::dns, answered ? "resolve.no_name" : "resolve.failed",
                fmt::format("{}: the name cannot be resolved: {}", quote(host, 260),
                            cause.empty() ? "it has no address" : cause),
                "check the name and this machine's DNS");
  }
  return out;
}

std::size_t machines_of(const Endpoints& endpoints) {
  const auto v4 = std::ranges::count_if(
      endpoints, [](const ip::tcp::endpoint& each) { return each.address().is_v4(); });
  return v4 > 0 ? static_cast<std::size_t>(v4) : endpoints.size();
}

boost::asio::awaitable<Result<Endpoints>> resolve(WorkerPool& pool, std::string host,
                                                  std::uint16_t port, MonoTime deadline) {
  Endpoints literal;
  if (parse_literal(host, port, literal)) {
    co_return literal;
  }
  auto result = co_await pool.run_until([host, port] { return resolve_blocking(host, port); },
                                        deadline, "resolve.timeout");
  if (!result) {
    result.error().stage = Stage::resolve;
    if (result.error().code == "resolve.timeout") {
      result.error().reason = Reason::dns;
      result.error().message =
          fmt::format("{}: the name server did not answer in time", quote(host, 260));
      result.error().remedy = "check this machine's DNS";
    }
  }
  co_return result;
}

}  // namespace sfb::net
