// One HttpConnection on a loop of its own, used from the test's thread.
#pragma once

#include "agent/http/client_connection.hpp"
#include "agent/net/deadline.hpp"
#include "tests/integration/net/loop.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sfb::http {

/// Names for the tests; everything else does not exist.
struct Hosts {
  std::map<std::string, std::vector<std::string>> addresses{
      {"fe.test", {"127.0.0.1"}}, {"fe.test.", {"127.0.0.1"}}, {"both.test", {"::1", "127.0.0.1"}}};

  Result<net::Endpoints> operator()(const std::string& host, std::uint16_t port) const {
    net::Endpoints out;
    if (const auto known = addresses.find(host); known != addresses.end()) {
      for (const std::string& address : known->second) {
        out.emplace_back(boost::asio::ip::make_address(address), port);
      }
      return out;
    }
    return fail(Reason::dns, "resolve.failed", host + ": no such name");
  }
};

struct HttpRig {
  static constexpr std::chrono::seconds kTime{20};

  explicit HttpRig(const std::string& url, std::shared_ptr<net::TlsClient> tls = {})
      : resolver(std::make_unique<net::Resolver>(2, Hosts{})) {
    options.url = parse_url(url).value();
    options.tls = std::move(tls);
  }
  ~HttpRig() {
    loop.call([this] {
      connection.reset();
      resolver.reset();
    });
  }
  HttpRig(const HttpRig&) = delete;
  HttpRig& operator=(const HttpRig&) = delete;

  Status open(std::chrono::milliseconds time = kTime) {
    make();
    return loop.start(connection->open(net::mono_now() + time, times)).get();
  }
  Result<HttpReply> post(std::string body, std::chrono::milliseconds time = kTime,
                         std::vector<Header> headers = {}) {
    HttpRequest request{.headers = std::move(headers), .body = std::move(body)};
    return loop.start(connection->post(std::move(request), net::mono_now() + time)).get();
  }
  /// Opens, posts and gives what came of it.
  Result<HttpReply> ask(std::string body = "<x/>", std::chrono::milliseconds time = kTime) {
    if (Status opened = open(time); !opened) {
      return std::unexpected(std::move(opened.error()));
    }
    return post(std::move(body), time);
  }
  bool usable() {
    return loop.call([this] { return connection->usable(); });
  }
  void make() {
    loop.call([this] {
      connection = std::make_unique<HttpConnection>(loop.executor(), *resolver, options);
    });
  }

  net::Loop loop;
  HttpConnectionOptions options;
  std::unique_ptr<net::Resolver> resolver;
  std::unique_ptr<HttpConnection> connection;
  std::vector<StageTime> times;
};

/// `code` of what failed; `ok` when nothing did.
template <typename T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : result.error().code;
}

}  // namespace sfb::http
