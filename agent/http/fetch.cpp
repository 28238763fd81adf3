#include "agent/http/fetch.hpp"

#include "agent/http/client.hpp"
#include "agent/net/deadline.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <optional>

namespace sfb::http {

namespace {

boost::asio::awaitable<void> ask(ClientTarget to, std::string target, const FetchOptions& options,
                                 std::optional<Result<Response>>& answer) {
  answer =
      co_await get(std::move(to), std::move(target), options.headers,
                   net::mono_now() + options.timeout, options.max_bytes, nullptr, options.identity);
}

}  // namespace

Result<Response> fetch(const FetchOptions& options, const std::string& target) {
  const auto to = parse_client_target(options.url);
  if (!to) {
    return std::unexpected(to.error());
  }
  boost::asio::io_context loop(1);
  std::optional<Result<Response>> answer;
  boost::asio::co_spawn(loop, ask(*to, target, options, answer), boost::asio::detached);
  loop.run();
  if (!answer) {
    return fail(Reason::internal, "client.no_answer", "the request ended without an answer");
  }
  return std::move(*answer);
}

}  // namespace sfb::http
