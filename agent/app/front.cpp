#include "agent/app/front.hpp"

#include "agent/net/address.hpp"
#include "agent/serve/routes.hpp"

#include <string>
#include <utility>

namespace sfb::app {

namespace {

namespace asio = boost::asio;

constexpr std::size_t kHealthConnections = 16;

Status listen_on(http::Server& server, const std::vector<std::string>& texts) {
  std::vector<net::ListenAddress> addresses;
  for (const std::string& text : texts) {
    auto address = net::parse_listen_address(text);
    if (!address) {
      return std::unexpected(std::move(address.error()));
    }
    addresses.push_back(std::move(*address));
  }
  return server.listen(addresses);
}

}  // namespace

Front::Front(Parts parts, const AgentOptions& options, std::size_t connections,
             std::optional<WebReading> web, std::vector<Descriptor> sockets)
    : parts_(std::move(parts)),
      options_(options),
      sockets_(std::move(sockets)),
      files_("web", 1, 1),
      web_(web ? std::make_shared<Web>(
                     Web::Parts{options.web_config_file, parts_.loop, files_, parts_.clock,
                                parts_.logger.with_source("web"), parts_.self},
                     std::move(*web))
               : nullptr),
      server_(
          parts_.loop, page_options(connections),
          [this](std::shared_ptr<const http::Request> request) {
            return answer(std::move(request));
          },
          parts_.logger.with_source("http")),
      health_(
          parts_.loop, server_options(kHealthConnections, parts_.own_health),
          [this](std::shared_ptr<const http::Request> request) {
            return answer_health(std::move(request));
          },
          parts_.logger.with_source("http")) {}

http::ServerOptions Front::page_options(std::size_t connections) const {
  http::ServerOptions options = server_options(connections, parts_.own);
  options.tls = web_;
  if (!web_) {
    options.ready = parts_.ready;
  }
  return options;
}

http::ServerOptions Front::server_options(std::size_t connections,
                                          std::function<void(http::Response&)> own) const {
  http::ServerOptions options;
  options.max_connections = connections;
  options.reads_body = [](const http::Request& head) {
    const serve::Route* const route = serve::find_route(head.path);
    return route != nullptr && route->door == serve::Door::exports &&
           serve::allows(*route, head.method);
  };
  options.on_own_answer = std::move(own);
  options.on_ended = [self = parts_.self](http::Ended how) { self->connection_ended(how); };
  return options;
}

Status Front::start() {
  if (Status started = web_ ? files_.start() : Status(); !started) {
    return started;
  }
  tell_web();
  if (Status health = listen_on(health_, options_.health_addresses); !health) {
    return health;
  }
  return options_.systemd_socket ? server_.inherit(std::move(sockets_))
                                 : listen_on(server_, options_.listen_addresses);
}

void Front::report() const {
  for (const std::string& address : server_.addresses()) {
    parts_.logger.info("listening", {{"address", address}});
  }
  for (const std::string& address : health_.addresses()) {
    parts_.logger.info("listening for health checks", {{"health_address", address}});
  }
}

asio::awaitable<std::vector<std::string>> Front::reload() {
  std::vector<std::string> problems;
  if (web_) {
    problems = co_await web_->reload();
    tell_web();
  }
  co_return problems;
}

void Front::stop_accepting() {
  server_.stop_accepting();
  health_.stop_accepting();
}

void Front::close_all() {
  server_.close_all();
  health_.close_all();
}

void Front::tell_web() {
  if (web_ && web_->state() != told_) {
    told_ = web_->state();
    parts_.on_web(told_->config);
  }
}

asio::awaitable<http::Response> Front::answer(std::shared_ptr<const http::Request> request) {
  if (web_) {
    co_await web_->look();
    tell_web();
  }
  co_return co_await parts_.pages(std::move(request));
}

asio::awaitable<http::Response> Front::answer_health(std::shared_ptr<const http::Request> request) {
  const serve::Route* const route = serve::find_route(request->path);
  const bool health = route != nullptr &&
                      (route->door == serve::Door::healthy || route->door == serve::Door::ready);
  co_return health ? co_await parts_.health(std::move(request)) : serve::unknown_path();
}

}  // namespace sfb::app
